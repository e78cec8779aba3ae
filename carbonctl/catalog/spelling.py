"""Normalized names of records: without case, separators, vendors and suffixes."""

from __future__ import annotations

import re
from typing import NamedTuple

# name of a vendor or brand -> prefixes of ids of that vendor
_VENDORS = {
    "nvidia": ("nvidia",),
    "tesla": ("nvidia", "tesla"),
    "geforce": ("nvidia",),
    "amd": ("amd",),
    "ati": ("amd",),
    "radeon": ("amd",),
    "instinct": ("amd",),
    "intel": ("intel",),
    "aws": ("aws",),
    "amazon": ("aws",),
    "google": ("google",),
    "apple": ("apple",),
    "huawei": ("huawei",),
    "qualcomm": ("qualcomm",),
    "microsoft": ("microsoft",),
}
_NOISE = {
    "corporation", "corp", "inc", "gpu", "gpus", "graphics", "accelerator", "card", "board",
    "generation", "tensor", "core", "edition", "processor", "cpu", "oam", "r", "tm",
}  # fmt: skip
_ABBREVIATIONS = {"blackwell": "bw", "workstation": "ws"}
_SIZE = re.compile(r"\d+(?:\.\d+)?gi?b")
_BARE_SIZES = {"16", "24", "32", "40", "48", "64", "80", "94", "96", "128", "141", "192"}
_FORM = re.compile(r"pcie|sxm\d?|nvl")
_MEMORY_KIND = re.compile(r"(?:hbm|gddr|lpddr)\d\w*")
# suffix of a model's name -> dtype of its weights as checkpoints write it
_FORMAT_OF_SUFFIX = {
    "fp8": "float8_e4m3",
    "fp8-dynamic": "float8_e4m3",
    "fp8-block": "float8_e4m3",
    "int8": "int8",
    "w8a8": "int8",
    "8bit": "int8",
    "bnb-8bit": "int8",
    "gptq-int8": "int8",
    "q8_0": "int8",
    "int4": "int4",
    "w4a16": "int4",
    "4bit": "int4",
    "bnb-4bit": "int4",
    "awq": "int4",
    "awq-int4": "int4",
    "gptq-int4": "int4",
    "q4_0": "int4",
    "q4_1": "int4",
    "q4_k_m": "int4",
    "q4_k_s": "int4",
    "mxfp4": "mxfp4",
    "nvfp4": "nvfp4",
    "fp4": "fp4",
    "bf16": "bfloat16",
    "fp16": "float16",
    "f16": "float16",
    "fp32": "float32",
}
_SUFFIXES_BY_LENGTH = sorted(_FORMAT_OF_SUFFIX, key=len, reverse=True)
# words in the name of a tuned checkpoint that has the shape of its base
_TUNING_WORDS = {"instruct", "it", "chat", "base", "hf", "pt", "thinking", "diffusers"}


class DeviceName(NamedTuple):
    """Parts of a device's name: its family, memory size, form factor, kind of memory, vendors."""

    family: str
    size: str
    form: str
    memory_kind: str
    vendors: tuple[str, ...]


def normalize(text: str) -> str:
    """A name in lower case without separators, except a hyphen between two numbers.

    ``llama3.1:8b`` and ``Llama-3.1-8B`` become equal; ``llama-3-8b`` and ``llama-38b`` do not.
    """
    plain = re.sub(r"[\s:/_,-]+", "-", text.strip().lower()).strip("-")
    return re.sub(r"(?<!\d)-|-(?!\d)", "", plain)


def split_words(text: str) -> list[str]:
    """Words of the name of a device or part with its vendor, without generic words."""
    plain = text.lower()
    if inside := re.findall(r"\[([^\[\]]*)\]", plain):  # lspci: ``GA100 [A100 SXM4 80GB]``
        plain = inside[-1]
    plain = re.sub(
        r"\((?:r|tm|c|rev[^)]*)\)|®|™|@.*|\b\d+-core\b|advanced micro devices", " ", plain
    )
    plain = re.sub(r"(\d)\s*(gi?b)\b", r"\1\2", plain).replace("max-q", "maxq")
    found = re.findall(r"[a-z0-9.]+|\+", plain.replace("+", " + "))
    joined: list[str] = []
    for word in found:
        if word == "+" and joined:
            joined[-1] += "p"
        elif (bare := word.strip(".")) and bare not in _NOISE:
            joined.append(_ABBREVIATIONS.get(bare, bare))
    return joined


def split_vendor(names: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """Words without leading vendor names, and the id prefixes of that vendor."""
    vendors: tuple[str, ...] = ()
    rest = list(names)
    while len(rest) > 1 and rest[0] in _VENDORS:
        known = _VENDORS[rest.pop(0)]
        vendors = tuple(v for v in known if v in vendors) or known
    return rest, vendors


def parse_device_name(text: str) -> DeviceName:
    """The parts of a device's name."""
    rest, vendors = split_vendor(split_words(text))
    sizes = [word for word in rest if _SIZE.fullmatch(word)]
    forms = [word for word in rest if _FORM.fullmatch(word)]
    kinds = [word for word in rest if _MEMORY_KIND.fullmatch(word)]
    core = [word for word in rest if word not in {*sizes, *forms, *kinds}]
    if not sizes and len(core) > 1 and core[-1] in _BARE_SIZES:  # Slurm: ``a100-80``
        sizes = [f"{core.pop()}gb"]
    size, form, kind = ("|".join(found) for found in (sizes, forms, kinds))
    return DeviceName(normalize("-".join(core)), size, form, kind, vendors)


def spelling_key(kind: str, text: str) -> str:
    """The key of a name: equal for two spellings of the same record."""
    if kind == "models":
        return normalize(text)
    return normalize("-".join(split_vendor(split_words(text))[0]))


def can_name_record(kind: str, text: str) -> bool:
    """Whether a text can name a record; a memory size or a form factor alone cannot."""
    return kind != "accelerators" or bool(parse_device_name(text).family)


def forms_agree(one: str, other: str) -> bool:
    """Whether two form factors can be the same; ``sxm`` matches ``sxm4`` and ``sxm5``."""
    return one == other or (
        one.startswith("sxm") and other.startswith("sxm") and "sxm" in (one, other)
    )


def split_weight_format(name: str) -> tuple[str, str]:
    """A model's name without its weight format, and the dtype of that format; empty if none."""
    for suffix in _SUFFIXES_BY_LENGTH:
        rest = re.sub(rf"[-_.]{suffix}$", "", name)
        if rest != name:
            return rest, _FORMAT_OF_SUFFIX[suffix]
    return name, ""


def base_names(name: str) -> list[str]:
    """A model's name, and the name of the base model that it may be tuned from.

    Dates stay in the name, because vendors reuse names and sizes for new models.
    """
    parts = name.split("-")
    tuned = "-".join(part for at, part in enumerate(parts) if not at or part not in _TUNING_WORDS)
    return list(dict.fromkeys((name, tuned)))


def restore_version_point(name: str) -> str:
    """A model's name with a point in its version, where some hosts write a hyphen.

    ``llama-3-1-8b`` becomes ``llama-3.1-8b``; ``llama-3-8b`` stays, as 8 is not a minor version.
    """
    return re.sub(r"(?<=\d)[-_](?=\d[-_])", ".", name, count=1)


def bare_model_name(name: str) -> str:
    """A model's name without the organization of a Hub id and the colon of an Ollama tag."""
    text = re.sub(r"\s+", "-", name.strip().lower())
    text = text.rpartition("/")[2] or text
    return text.removesuffix(":latest").replace(":", "-").strip("-")
