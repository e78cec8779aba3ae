"""Import of a Hugging Face ``config.json``: the shape of a language model and its parameters."""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from carbonctl.core.errors import Mark
from carbonctl.imports.architectures import (
    DECODERS,
    EQUIVALENT_CLASS,
    MODEL_TYPES,
    OTHER_COUNTERS,
    SUPPORTED,
    count_decoder,
)
from carbonctl.imports.error_collector import ErrorCollector
from carbonctl.imports.import_records import Imported, ImportedModel, base_name, raise_at

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog, Record
    from carbonctl.imports.lines import Log

MAX_COUNT = 10**9
_MISSPELLING_SIMILARITY = 0.95  # similarity of class names that differ by a misspelling
MAX_RELATIVE_SIZE_DIFFERENCE = 0.01  # in parameters, of a model of hardware_db to suggest
_LANGUAGE_SECTIONS = ("text_config", "llm_config", "language_config")
_PRECISIONS = {"bfloat16": "bf16", "float16": "fp16"}


@dataclass(frozen=True, slots=True)
class Config:
    """Entries of a configuration, with the text of the file for positions of errors."""

    file: str
    text: str
    data: dict[str, Any]
    errors: ErrorCollector = field(default_factory=ErrorCollector)
    part: str = ""  # the section of the language model, if the file has one

    def __contains__(self, key: str) -> bool:
        return self.data.get(key) is not None

    def count(self, key: str, missing: int | None = None) -> int:
        """A whole number above 0, or ``missing``; adds an error and returns 1 if it is invalid."""
        value = self.data.get(key)
        if value is None:
            if missing is not None:
                return missing
            self.add_error("architectures", f'"{key}" is missing', code="CC502")
            return 1
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= MAX_COUNT:
            self.add_error(key, f'"{key}" is {_format_value(value)}, not a whole number above 0')
            return 1
        return value

    def flag(self, key: str, missing: bool = False) -> bool:
        """A true or false entry, or ``missing``; adds an error if it is neither."""
        value = self.data.get(key)
        if value is None or not key:
            return missing
        if not isinstance(value, bool):
            self.add_error(key, f'"{key}" is {_format_value(value)}, not true or false')
            return missing
        return value

    def sparse_layers(self, layers: int) -> int:
        """Number of layers with experts by Qwen's entries; all layers if they are absent."""
        dense = self.data.get("mlp_only_layers") or []
        if not isinstance(dense, list):
            self.add_error("mlp_only_layers", 'expected "mlp_only_layers" to be a list')
            return layers
        every = self.count("decoder_sparse_step", 1)
        listed = {n for n in dense if isinstance(n, int) and 0 <= n < layers}
        return layers // every - sum((n + 1) % every == 0 for n in listed)

    def check_divides(self, key: str, small: int, large: int) -> None:
        """Add an error unless ``small``, the value of ``key``, divides ``large``."""
        if not self.errors.problems and (small > large or large % small):
            self.add_error(key, f'"{key}" is {small}, which does not divide {large}')

    def add_error(self, key: str, message: str, hint: str = "", code: str = "CC506") -> None:
        """Add an error at an entry; raised after all entries are read."""
        found = re.search(rf'"{re.escape(key)}"\s*:\s*', self.text)
        place = found.end() if found else 0
        with self.errors:
            raise_at_character(self.file, self.text, place, code, message, hint)


def _format_value(value: object) -> str:
    """A value for an error; lists and objects by type only."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    return json.dumps(value)[:40]


def raise_at_character(
    file: str, text: str, place: int, code: str, message: str, hint: str = ""
) -> NoReturn:
    """Raise an InputError at a character of a text."""
    start = text.rfind("\n", 0, place) + 1
    line = text[start : text.find("\n", place) if "\n" in text[place:] else len(text)]
    word = re.match(r'"[^"]*"|[^\s,\]}]+', text[place:])
    mark = Mark(
        file, text.count("\n", 0, place) + 1, place - start + 1, len(word[0]) if word else 1
    )
    raise_at(code, message, mark, hint, line)


def read_model(log: Log, catalog: Catalog) -> Imported:
    """The model of a configuration: its counted shape, or the bundled model of the same shape."""
    config = _parse_config(log)
    name = _architecture(config)
    if name not in SUPPORTED:
        return Imported(model=_find_model_of_same_shape(config, name, catalog))
    shape, unused = (
        count_decoder(config, DECODERS[name]) if name in DECODERS else OTHER_COUNTERS[name](config)
    )
    config.errors.raise_if_any()
    total = shape["params"]
    if unused:
        shape = {"params": total, "active_params": total - unused, **shape}
    file = base_name(log.name)
    comments = [f"from {file}, {name}: {total:,} parameters counted from its matrices"]
    if config.part:
        comments.append(f"the language model in {config.part}; the vision encoder is not counted")
    like = _models_of_same_size(catalog, total, shape["layers"], shape["hidden"])
    if like:
        shown = f"same size and shape as {' or '.join(like)}"
        comments.append(f"{shown}: write model: {like[0]} to use that model")
    precision, why = _training_precision(config)
    return Imported(model=ImportedModel(shape, tuple(comments), precision, why))


def _find_model_of_same_shape(config: Config, name: str, catalog: Catalog) -> ImportedModel:
    """The bundled model with the same entries as the file; InputError if there is none."""
    misspelled = difflib.get_close_matches(name, SUPPORTED, n=1, cutoff=_MISSPELLING_SIMILARITY)
    near, same = [], []
    for model in () if misspelled else catalog.ids("models"):
        record = catalog.record("models", model)
        if record.text("kind").startswith(_kinds_of_class(name)) and all(
            _has_same_entry(config, record, keys) for keys in _SHAPE_ENTRIES[:2]
        ):
            near.append(model)
            if all(
                _has_same_entry(config, record, keys, missing=True) for keys in _SHAPE_ENTRIES[2:]
            ):
                same.append(model)
    if not same:
        hint = f"layers and width are those of {' or '.join(near)}; " if near else ""
        if misspelled:
            hint = f'did you mean "{misspelled[0]}"? '
        hint += f"name the model in the scenario, or describe it by its params; {_supported_hint()}"
        config.add_error(
            "architectures" if "architectures" in config else "model_type",
            f'parameters of the architecture "{name[:60]}" cannot be counted',
            hint,
            "CC508",
        )
        config.errors.raise_if_any()
    file = base_name(config.file)
    comments = [
        f"from {file}: parameters of {_printable(name)} cannot be counted;",
        f"layers, width, heads and experts match {' and '.join(same)}: check that it is the model",
    ]
    precision, why = _training_precision(config)
    return ImportedModel({}, tuple(comments), precision, why, same[0])


def _kinds_of_class(name: str) -> tuple[str, ...]:
    """Prefixes of the kinds of model that a class can be, by the suffix of its name."""
    if name.endswith("ForConditionalGeneration"):
        return ("encoder_decoder", "speech")
    if name.endswith(("ForCausalLM", "LMHeadModel")) or name.islower():
        return ("llm",)
    return ("encoder", "embedding", "vision")


# usual names of an entry in a file -> field of a record
_SHAPE_ENTRIES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("num_hidden_layers", "n_layer", "num_layers", "n_layers"), "layers"),
    (("hidden_size", "n_embd", "d_model", "word_embed_proj_dim"), "hidden_size"),
    (("num_attention_heads", "n_head", "num_heads", "encoder_attention_heads"), "heads"),
    (("num_key_value_heads", "num_kv_heads"), "kv_heads"),
    (("n_routed_experts", "num_local_experts", "num_experts"), "moe.experts"),
    (("num_experts_per_tok", "top_k_experts"), "moe.experts_per_token"),
)


def _has_same_entry(
    config: Config, record: Record, keys: tuple[tuple[str, ...], str], *, missing: bool = False
) -> bool:
    """Whether an entry has the same value in file and record; ``missing`` if one lacks it."""
    names, field_name = keys
    own = next((config.data[name] for name in names if name in config), None)
    section, _, inner = field_name.rpartition(".")
    data = record.data.get(section, {}) if section else record.data
    other = data.get(inner) if isinstance(data, dict) else None
    if own is None or other is None:
        return missing
    return bool(own == other)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text[:60])


def _parse_config(log: Log) -> Config:
    text = log.text()
    try:
        data = json.loads(text, object_pairs_hook=_build_object)
    except json.JSONDecodeError as error:
        hint = "the file may be cut short" if error.pos >= len(text.rstrip()) else ""
        raise_at_character(
            log.name, text, error.pos, "CC502", f"not valid JSON: {error.msg.lower()}", hint
        )
    except _DuplicateKey as twice:
        key = str(twice)
        place = [found.start() for found in re.finditer(rf'"{re.escape(key)}"\s*:', text)][-1:]
        message = f'the key "{key[:40]}" is given twice'
        raise_at_character(log.name, text, place[0] if place else 0, "CC003", message)
    except (RecursionError, ValueError):  # ValueError: a number of thousands of digits
        raise_at("CC502", "nested too deeply, or a number too long", Mark(log.name, 1, 1))
    if not isinstance(data, dict):
        raise_at("CC502", "expected one object, as in a config.json", Mark(log.name, 1, 1))
    for part in _LANGUAGE_SECTIONS:  # the language model of a multimodal model
        if isinstance(data.get(part), dict):
            return Config(log.name, text, data | data[part], part=part)
    return Config(log.name, text, data)


class _DuplicateKey(Exception):  # noqa: N818 - becomes an error with a position
    """An object has a key twice; most JSON readers keep the last one."""


def _build_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    for key, value in pairs:
        if key in mapping:
            raise _DuplicateKey(key)
        mapping[key] = value
    return mapping


def _architecture(config: Config) -> str:
    """The class of a file, from ``architectures`` or else ``model_type``."""
    named = config.data.get("architectures")
    name = named[0] if isinstance(named, list) and named else named
    kind = config.data.get("model_type")
    if isinstance(kind, str) and (config.part or name not in SUPPORTED):
        name = MODEL_TYPES.get(kind, name if isinstance(name, str) else kind)
    if not isinstance(name, str):
        config.add_error(
            "architectures", '"architectures" names no class', _supported_hint(), "CC508"
        )
    config.errors.raise_if_any()
    return EQUIVALENT_CLASS.get(str(name), str(name))


def _supported_hint() -> str:
    return "known: " + ", ".join(name.removesuffix("ForCausalLM") for name in SUPPORTED)


def _training_precision(config: Config) -> tuple[str, str]:
    stored = config.data.get("torch_dtype") or config.data.get("dtype")
    if isinstance(stored, str) and stored in _PRECISIONS:
        return _PRECISIONS[stored], f"the weights are stored in {stored}"
    said = f"the weights are stored in {stored}" if isinstance(stored, str) else "no dtype is given"
    return "bf16", f"{said}; the precision of training is not in the file"


def _models_of_same_size(catalog: Catalog, total: int, layers: int, hidden: int) -> list[str]:
    """Models of hardware_db with this shape and nearest number of parameters."""
    near = []
    for name in catalog.ids("models"):
        record = catalog.record("models", name)
        if (record.number("layers"), record.number("hidden_size")) != (layers, hidden):
            continue
        other = record.number("total_params") or 0.0
        if abs(other - total) <= MAX_RELATIVE_SIZE_DIFFERENCE * total:
            near.append((abs(other - total), name))
    return [name for far, name in near if far == min(near)[0]]
