"""Shape of a decoder from its record: widths, experts, attention windows, latents, states."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.core.fact import Fact

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog, Record

# MoE models whose shape is used for a model of similar size and sparsity with unknown shape.
MOE_SHAPES = (
    "olmoe-1b-7b",
    "qwen3-30b-a3b",
    "mixtral-8x7b",
    "glm-4.5-air",
    "gpt-oss-120b",
    "mixtral-8x22b",
    "minimax-m2",
    "qwen3-235b-a22b",
    "glm-4.5",
    "llama-4-maverick",
    "qwen3-coder-480b-a35b",
)
_PLAIN_FIELDS = ("layers", "hidden_size", "heads", "kv_heads", "head_dim")
EXPERT_MATRICES = 3.0  # gate, up and down projection
_STATEFUL = {"hybrid", "linear", "ssm"}


def decoder_shape(record: Record) -> dict[str, Fact]:
    """Known facts of a decoder's shape, by the field names of ``estimate``.

    ``full_layers`` and ``window_tokens`` if some layers attend within a window only;
    ``latent_rank`` and ``rope_dim`` for multi-head latent attention; ``state_elements`` per
    sequence if layers keep a state instead of a KV cache.
    """
    shape = {name: fact for name in _PLAIN_FIELDS if (fact := record.plain_fact(name)) is not None}
    for name in ("experts", "experts_per_token"):
        if (value := record.number("moe", name)) is not None:
            shape[name] = _fact(record, f"moe.{name}", value, name.replace("_", " "))
    return shape | _embedding(record) | _expert_shape(record, shape) | _attention_shape(record)


def _embedding(record: Record) -> dict[str, Fact]:
    """Parameters of the input embedding, where it is a matrix of its own."""
    words, width = record.number("vocabulary"), record.number("hidden_size")
    if words is None or width is None or record.data.get("tied_embeddings") is not False:
        return {}
    label = "parameters of the input embedding"
    return {"lookup_params": _fact(record, "vocabulary.params", words * width, label)}


def _expert_shape(record: Record, shape: dict[str, Fact]) -> dict[str, Fact]:
    """Layers, width and parameters of routed experts, from their matrices."""
    columns, made = record.number("moe", "expert_intermediate_size"), {}
    layers = record.number("moe", "layers")
    if layers is not None:
        made["expert_layers"] = _fact(record, "moe.layers", layers, "layers with experts")
    if columns is None or "experts" not in shape or "hidden_size" not in shape:
        return made
    made["expert_width"] = _fact(
        record, "moe.expert_intermediate_size", columns, "columns of an expert"
    )
    deep = layers or shape["layers"].value
    size = EXPERT_MATRICES * shape["hidden_size"].value * columns * deep
    most = (record.number("total_params") or math.inf) / shape["experts"].value
    label = "parameters of an expert"
    if size < most:
        made["expert_params"] = _fact(record, "moe.expert_params", size, label)
    return made


def nearest_by_size(
    catalog: Catalog, dense: tuple[str, ...], total_params: float, active_params: float
) -> Record:
    """The dense model nearest in size; the nearest MoE if fewer parameters are active."""
    if active_params < total_params:
        return nearest_moe(catalog, total_params, active_params)
    records = [catalog.record("models", name) for name in dense]
    sizes = {r.id: r.number("total_params") or 1.0 for r in records}
    return min(records, key=lambda r: abs(math.log(total_params / sizes[r.id])))


def nearest_moe(catalog: Catalog, total_params: float, active_params: float) -> Record:
    """The MoE model nearest in size and in the share of active parameters.

    Its share of active experts is at most that share, so some weights are left that all tokens
    use. If every model has a larger one, the model with the smallest is returned.
    """
    share = active_params / total_params
    records = [catalog.record("models", name) for name in MOE_SHAPES]
    least = [r for r in records if _expert_share(r) <= share]

    def distance(record: Record) -> float:
        total, active = (record.number(f"{which}_params") or 1.0 for which in ("total", "active"))
        return abs(math.log(total_params / total)) + abs(math.log(share * total / active))

    if not least:
        return min(records, key=_expert_share)
    return min(least, key=lambda r: (distance(r), r.id))


def _expert_share(record: Record) -> float:
    taken, experts = (
        record.number("moe", name) or 1.0 for name in ("experts_per_token", "experts")
    )
    return taken / experts


def _attention_shape(record: Record) -> dict[str, Fact]:
    kind, _, width = record.text("attention").partition(":")
    full = record.number("full_attention_layers") or 0.0
    if kind == "sliding" and width:
        return {
            "full_layers": _fact(record, "full_attention_layers", full, "layers without a window"),
            "window_tokens": _fact(record, "attention", float(width), "attention window"),
        }
    if kind == "mla":
        names = {"latent_rank": "kv_lora_rank", "rope_dim": "rope_head_dim"}
        latent = {
            name: _fact(record, f"mla.{key}", value, key.replace("_", " "))
            for name, key in names.items()
            if (value := record.number("mla", key)) is not None
        }
        return latent | _expanded_latent(record)
    return _state_shape(record, full) if kind in _STATEFUL else {}


def _expanded_latent(record: Record) -> dict[str, Fact]:
    """Widths of the keys and values that a prompt expands from latents, where they are known."""
    parts = [record.number("mla", f"{name}_head_dim") for name in ("nope", "rope", "v")]
    plain, position, value = parts
    if plain is None or position is None or value is None:
        return {}
    return {
        "key_dim": _fact(record, "mla.key_dim", plain + position, "width of an expanded key"),
        "value_dim": _fact(record, "mla.v_head_dim", value, "width of an expanded value"),
    }


def _state_shape(record: Record, full: float) -> dict[str, Fact]:
    """Shape of a model with state-space layers; without attention layers it has no heads."""
    label = "layers that attend"
    shape = {
        "full_layers": _fact(record, "full_attention_layers", full, label),
        "window_tokens": _fact(record, "attention", 0.0, "context of the other layers"),
    }
    if not full:
        none = replace(shape["full_layers"], value=0.0, note="no attention", label="heads")
        shape |= dict.fromkeys(("heads", "kv_heads", "head_dim"), none)
    parts = [record.number("ssm", name) for name in ("layers", "inner_size", "state_size")]
    layers, inner, size = parts
    if layers is not None and inner is not None and size is not None:
        elements = layers * inner * size
        note = "state-space layers x inner width x state size"
        shape["state_elements"] = replace(
            _fact(record, "ssm.state", elements, "state of a sequence"), note=note
        )
    return shape


def _fact(record: Record, field: str, value: float, label: str) -> Fact:
    key, source = f"models/{record.id}:{field}", record.text("source")
    return Fact(key, value, "1", source, "hardware_db", tier="published", label=label)
