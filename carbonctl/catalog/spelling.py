"""Names without what does not tell one record from another: case, separators, vendors, suffixes."""

from __future__ import annotations

import re
from typing import NamedTuple

# word of a vendor or of its brands -> how ids of that vendor may begin
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
_SHORT = {"blackwell": "bw", "workstation": "ws"}
_SIZE = re.compile(r"\d+(?:\.\d+)?gi?b")
_BARE_SIZES = {"16", "24", "32", "40", "48", "64", "80", "94", "96", "128", "141", "192"}
_FORM = re.compile(r"pcie|sxm\d?|nvl")
_MEMORY_KIND = re.compile(r"(?:hbm|gddr|lpddr)\d\w*")
# a suffix of a model's name -> how checkpoints write the format of its weights
_STORED = {
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
_BY_LENGTH = sorted(_STORED, key=len, reverse=True)
# words of a checkpoint that leave the shape of its base as it is
_TUNED = {"instruct", "it", "chat", "base", "hf", "pt", "thinking", "diffusers"}


class Device(NamedTuple):
    """A device's name in parts: what it is called, and what tells members of a family apart."""

    core: str
    size: str
    form: str
    memory_kind: str
    vendors: tuple[str, ...]


def letters(text: str) -> str:
    """A name in lower case without separators, but for a hyphen between two numbers.

    So ``llama3.1:8b`` and ``Llama-3.1-8B`` are one, ``llama-3-8b`` and ``llama-38b`` are two.
    """
    plain = re.sub(r"[\s:/_,-]+", "-", text.strip().lower()).strip("-")
    return re.sub(r"(?<!\d)-|-(?!\d)", "", plain)


def words(text: str) -> list[str]:
    """Words of a device's or a part's name, its vendor's too, without those that mean nothing."""
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
            joined.append(_SHORT.get(bare, bare))
    return joined


def without_vendor(names: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """Words without the vendor's at their head, and how ids of that vendor begin."""
    vendors: tuple[str, ...] = ()
    rest = list(names)
    while len(rest) > 1 and rest[0] in _VENDORS:
        known = _VENDORS[rest.pop(0)]
        vendors = tuple(v for v in known if v in vendors) or known
    return rest, vendors


def device(text: str) -> Device:
    """A device's name in its parts."""
    rest, vendors = without_vendor(words(text))
    sizes = [word for word in rest if _SIZE.fullmatch(word)]
    forms = [word for word in rest if _FORM.fullmatch(word)]
    kinds = [word for word in rest if _MEMORY_KIND.fullmatch(word)]
    core = [word for word in rest if word not in {*sizes, *forms, *kinds}]
    if not sizes and len(core) > 1 and core[-1] in _BARE_SIZES:  # Slurm: ``a100-80``
        sizes = [f"{core.pop()}gb"]
    size, form, kind = ("|".join(found) for found in (sizes, forms, kinds))
    return Device(letters("-".join(core)), size, form, kind, vendors)


def key(kind: str, text: str) -> str:
    """What two spellings of one record have in common."""
    if kind == "models":
        return letters(text)
    return letters("-".join(without_vendor(words(text))[0]))


def is_name(kind: str, text: str) -> bool:
    """Whether a text can name a record: a size or a form factor alone names none."""
    return kind != "accelerators" or bool(device(text).core)


def forms_agree(one: str, other: str) -> bool:
    """Whether two form factors can be the same: ``sxm`` is any of its numbers."""
    return one == other or (
        one.startswith("sxm") and other.startswith("sxm") and "sxm" in (one, other)
    )


def stored_format(name: str) -> tuple[str, str]:
    """A model's name without the format of its weights, and that format as checkpoints write it."""
    for suffix in _BY_LENGTH:
        rest = re.sub(rf"[-_.]{suffix}$", "", name)
        if rest != name:
            return rest, _STORED[suffix]
    return name, ""


def base_names(name: str) -> list[str]:
    """A model's name, and that of the base of which it may be a tuning.

    Dates stay, as makers give a size and a name again to another model.
    """
    parts = name.split("-")
    tuned = "-".join(part for at, part in enumerate(parts) if not at or part not in _TUNED)
    return list(dict.fromkeys((name, tuned)))


def dotted(name: str) -> str:
    """A model's name with the point in its version that many a host writes as a hyphen.

    So ``llama-3-1-8b`` is ``llama-3.1-8b``, while ``llama-3-8b`` stays, as 8 is no minor version.
    """
    return re.sub(r"(?<=\d)[-_](?=\d[-_])", ".", name, count=1)


def model_text(name: str) -> str:
    """A model's name without the organization of the Hub and the colon of an Ollama tag."""
    text = re.sub(r"\s+", "-", name.strip().lower())
    text = text.rpartition("/")[2] or text
    return text.removesuffix(":latest").replace(":", "-").strip("-")
