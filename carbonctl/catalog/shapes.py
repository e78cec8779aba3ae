"""The shape of a decoder as its record tells it: widths, experts, windows, latents, states."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from carbonctl.core.fact import Fact

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog, Record

# Mixtures whose shape stands in for one of like size and sparsity that nobody described.
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
_PLAIN = ("layers", "hidden_size", "heads", "kv_heads", "head_dim")
_STATEFUL = {"hybrid", "linear", "ssm"}


def decoder(record: Record) -> dict[str, Fact]:
    """What is known of a decoder's shape, by the names that ``estimate.service`` uses.

    ``full_layers`` and ``window_tokens`` where not all layers see the whole context;
    ``latent_rank`` and ``rope_dim`` for latent attention; ``state_elements`` of a sequence where
    layers keep a state instead of a cache.
    """
    found = {name: fact for name in _PLAIN if (fact := record.plain(name)) is not None}
    for name in ("experts", "experts_per_token"):
        if (value := record.number("moe", name)) is not None:
            found[name] = _fact(record, f"moe.{name}", value, name.replace("_", " "))
    return found | _attention(record)


def nearest_by_size(
    catalog: Catalog, dense: tuple[str, ...], total_params: float, active_params: float
) -> Record:
    """The nearest of some dense models; of mixtures where a token passes a part of the weights."""
    if active_params < total_params:
        return nearest_moe(catalog, total_params, active_params)
    records = [catalog.record("models", name) for name in dense]
    sizes = {r.id: r.number("total_params") or 1.0 for r in records}
    return min(records, key=lambda r: abs(math.log(total_params / sizes[r.id])))


def nearest_moe(catalog: Catalog, total_params: float, active_params: float) -> Record:
    """The mixture that is nearest in size and in the share of weights that a token passes.

    Its experts take no larger share than that, so that something is left that all tokens share;
    where all take more, those that take least are the nearest there is.
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


def _attention(record: Record) -> dict[str, Fact]:
    kind, _, width = record.text("attention").partition(":")
    full = record.number("full_attention_layers") or 0.0
    if kind == "sliding" and width:
        return {
            "full_layers": _fact(record, "full_attention_layers", full, "layers without a window"),
            "window_tokens": _fact(record, "attention", float(width), "attention window"),
        }
    if kind == "mla":
        names = {"latent_rank": "kv_lora_rank", "rope_dim": "rope_head_dim"}
        return {
            name: _fact(record, f"mla.{key}", value, key.replace("_", " "))
            for name, key in names.items()
            if (value := record.number("mla", key)) is not None
        }
    return _state(record, full) if kind in _STATEFUL else {}


def _state(record: Record, full: float) -> dict[str, Fact]:
    """Layers that keep a state see no context; a model of nothing else has no heads either."""
    label = "layers that attend"
    found = {
        "full_layers": _fact(record, "full_attention_layers", full, label),
        "window_tokens": _fact(record, "attention", 0.0, "context of the other layers"),
    }
    if not full:
        none = replace(found["full_layers"], value=0.0, note="no attention", label="heads")
        found |= dict.fromkeys(("heads", "kv_heads", "head_dim"), none)
    parts = [record.number("ssm", name) for name in ("layers", "inner_size", "state_size")]
    layers, inner, size = parts
    if layers is not None and inner is not None and size is not None:
        elements = layers * inner * size
        note = "state-space layers x inner width x state size"
        found["state_elements"] = replace(
            _fact(record, "ssm.state", elements, "state of a sequence"), note=note
        )
    return found


def _fact(record: Record, field: str, value: float, label: str) -> Fact:
    key, source = f"models/{record.id}:{field}", record.text("source")
    return Fact(key, value, "1", source, "hardware_db", tier="published", label=label)
