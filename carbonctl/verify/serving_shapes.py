"""What a measured configuration lets a forecast see: model, operating point, board."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from carbonctl.catalog import shapes
from carbonctl.catalog.published import number
from carbonctl.catalog.read import AmbiguousName, UnknownName
from carbonctl.core.units import parse

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog, Record

    Row = dict[str, str]
    Values = dict[str, float]

PICTURES = {"text-to-image": "energy_per_image", "text-to-video": "energy_per_video",
            "image-to-video": "energy_per_video"}  # fmt: skip
WALL_RUNTIME = "trtllm"
_ARCHETYPES = ("llama-3.2-1b", "llama-3.2-3b", "llama-1-7b", "llama-1-13b", "qwen2.5-32b",
               "llama-3.1-70b", "llama-3.1-405b")  # fmt: skip
_NOT_CUT = 1.0  # a model whose record has no patch, or no step in time, does not cut there
_NEAR = math.log(1.35)
_BYTES = {"fp8": "bytes_fp8", "int8": "bytes_int8", "int4": "bytes_int4", "mxfp4": "bytes_fp4"}
_DECODER = ("layers", "hidden_size", "heads", "kv_heads", "head_dim", "full_layers",
            "window_tokens", "latent_rank", "rope_dim", "state_elements", "experts",
            "experts_per_token")  # fmt: skip


class Shape(NamedTuple):
    """Numbers of a case by the names of ``estimate.service``, and which of them there are."""

    kind: str
    form: str
    runtime: str
    values: Values
    archetype: bool
    fitted: bool


@dataclass(frozen=True)
class Known:
    """The tables that rows are read with."""

    catalog: Catalog
    workloads: dict[str, Row]
    samples: dict[str, Row]
    apart: dict[str, str]
    runtimes: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, catalog: Catalog) -> Known:
        """What the catalog tells of tasks, samples, runtimes and rows that stand apart."""
        tables = {name: list(catalog.table(f"serving/{name}.csv"))
                  for name in ("workloads", "samples", "apart")}  # fmt: skip
        runtimes = [
            (prefix, name)
            for name in catalog.ids("runtimes")
            for prefix in catalog.record("runtimes", name).data.get("matches", ())
        ]
        return cls(
            catalog,
            {row["task"]: row for row in tables["workloads"]},
            {row["model"]: row for row in tables["samples"]},
            {row["source_id"]: row["reason"] for row in tables["apart"]},
            tuple(sorted(runtimes, key=lambda pair: -len(pair[0]))),
        )

    def card(self, row: Row) -> Record | None:
        """The accelerator of a row."""
        try:
            return self.catalog.record("accelerators", row["accelerator_id"])
        except (AmbiguousName, UnknownName):
            return None

    def model(self, row: Row) -> Record | None:
        """The model of a row: its name without an owner, then without endings, of like size."""
        name = row["model"].split("/")[-1].lower()
        sizes = [number(row, f"params_{which}_b") * 1e9 for which in ("total", "active")]
        while name:
            try:
                found = self.catalog.record("models", name)
            except (AmbiguousName, UnknownName):
                found = None
            if found is not None and _alike(found.number("total_params"), sizes):
                return found
            name = name.rpartition("-")[0]
        return None

    def runtime(self, row: Row) -> str:
        """The profile of a row's serving stack; empty when none matches."""
        told = row["runtime"]
        if not told and row["boundary_id"] == "it_system":
            return WALL_RUNTIME
        return next((name for prefix, name in self.runtimes if told.startswith(prefix)), "")

    def default(self, name: str) -> float:
        """A default number."""
        return self.catalog.default(name).value


def _alike(total: float | None, sizes: list[float]) -> bool:
    """Whether a model has one of these sizes; a table may count its text encoder, or not."""
    told = [size for size in sizes if size > 0]
    near = (abs(math.log((total or 1.0) / size)) < _NEAR for size in told)
    return total is not None and (not told or any(near))


def of(row: Row, known: Known, card: Record) -> Shape | str:
    """Shape of a row's case, or why there is none."""
    if row["model"] in known.samples:
        return _sample(row, known, card)
    if row["task"] in PICTURES:
        return _picture(row, known, card)
    if row["task"] in known.workloads:
        return _language(row, known, card)
    what = row["model"] if row["boundary_id"] == "it_system" else row["task"]
    return f"work of {re.sub(r'[^a-z0-9.-]', ' ', what.lower())} not known"


def _board(card: Record, known: Known, precision: str) -> Values:
    facts = {
        "memory_gb": card.fact("memory"),
        "bandwidth_gb_per_s": card.fact("bandwidth"),
        "peak_flop_per_s": card.fact(f"peak_{precision}")
        or card.fact("peak_bf16")
        or card.fact("peak_fp16"),
        "link_gb_per_s": card.fact("link_bandwidth")
        or known.catalog.default("link_bandwidth_pcie"),
        "tdp_w": card.fact("tdp"),
        "idle_power_w": card.fact("idle_power"),
    }
    values = {name: math.nan if fact is None else fact.value for name, fact in facts.items()}
    if facts["idle_power_w"] is None:
        values["idle_power_w"] = values["tdp_w"] * known.default("device_idle_share")
    return values


def _language(row: Row, known: Known, card: Record) -> Shape | str:
    runtime = known.runtime(row)
    if not runtime:
        return "runtime without a profile"
    work = known.workloads[row["task"]]
    model = known.model(row)
    archetype = model is None
    if model is None:
        sizes = (number(row, f"params_{which}_b") * 1e9 for which in ("total", "active"))
        model = shapes.of_like_size(known.catalog, _ARCHETYPES, *sizes)
    told = shapes.decoder(model)
    total = model.number("total_params") or math.nan
    values = {name: told[name].value for name in _DECODER if name in told}
    packed = known.catalog.record("runtimes", runtime).data.get("packed_peak") is True
    precision = row["weight_precision"] if packed else "bf16"
    values |= _board(card, known, precision) | {
        "prompt_tokens": float(work["prompt_tokens"]),
        "output_cv": float(work["output_cv"]),
        "output_tokens": number(row, "output_tokens_mean"),
        "total_params": number(row, "params_total_b") * 1e9 if archetype else total,
        "active_params": number(row, "params_active_b") * 1e9
        if archetype
        else model.number("active_params") or total,
        "weight_bytes": known.default(_BYTES.get(row["weight_precision"], "bytes_bf16")),
        "kv_bytes": known.default("kv_bytes"),
        "accelerators": number(row, "n_accelerators"),
        "replica_accelerators": number(row, "n_accelerators"),
        "batch": number(row, "avg_batch_size"),
    }
    if "experts" in values:
        values |= _spread(row, known)
        mixed = row["weight_precision"] == "mxfp4"
        values["shared_weight_bytes"] = (
            known.default("bytes_bf16") if mixed else values["weight_bytes"]
        )
    if "state_elements" in values:
        values["state_bytes"] = known.default("state_bytes")
    if math.isnan(values["batch"]):
        values |= _full_replica(values, known) | {"wall": 1.0}
    form = sorted(set(values) & {*_DECODER, "wall", "data_parallel", "expert_parallel"})
    return Shape("language", "+".join(form), runtime, values,
                 archetype, work["fitted"] == "1")  # fmt: skip


def _spread(row: Row, known: Known) -> Values:
    """How a mixture lies on its devices, as far as a row tells: experts, and copies of the rest."""
    told = {name: number(row, name) for name in ("expert_parallel", "data_parallel")}
    values = {name: value for name, value in told.items() if value >= 1.0}
    if values.get("data_parallel", 1.0) > 1.0:
        each = number(row, "n_accelerators") / values["data_parallel"]
        launch = known.default("data_parallel_launch")
        return values | {"rank_accelerators": each, "launch_s": launch}
    values.pop("data_parallel", None)
    return values


def _full_replica(values: Values, known: Known) -> Values:
    """A queue served offline: the fewest devices that hold a copy, as many sequences as fit."""
    usable = values["memory_gb"] * 1e9 * known.default("memory_share")
    weights = values["total_params"] * values["weight_bytes"]
    tokens = values["prompt_tokens"] + values["output_tokens"]
    cached = 2.0 * values["kv_heads"] * values["head_dim"] * values["layers"] * values["kv_bytes"]
    devices = 1.0
    while devices * usable < weights + usable * known.default("least_cache_share"):
        devices *= 2.0
    batch = (devices * usable - weights) / (cached * tokens)
    most = known.default("most_sequences")
    return {"replica_accelerators": devices, "batch": max(min(batch, most), 1.0)}


def _picture(row: Row, known: Known, card: Record) -> Shape:
    model = known.model(row)
    frames = number(row, "n_frames")
    values = _board(card, known, "bf16") | {
        "steps": number(row, "denoising_steps"),
        "width": number(row, "width_px"),
        "height": number(row, "height_px"),
        "frames": 1.0 if math.isnan(frames) else frames,
        "batch": number(row, "avg_batch_size"),
        "replica_accelerators": number(row, "n_accelerators"),
        "guidance_passes": _listed(model, "cfg_passes")
        or known.default("unlisted_guidance_passes"),
        "layers": _listed(model, "layers") or known.default("unet_layers"),
        "latent_frames": 1.0,
    }
    video = row["task"] != "text-to-image" and (model is None or model.text("kind") == "video_dit")
    pixel = "video_decoder_pixel_work" if video else "decoder_pixel_work"
    values["decoder_pixel_flop"] = known.default(pixel)
    form, own = _pass_work(row, known, model, values["frames"])
    text = {} if model is None else _text(model)
    form = f"{form}+text" if text else form
    return Shape("picture", form, "diffusers", values | own | text, model is None, fitted=True)


def _text(model: Record) -> Values:
    """The encoder of a model's prompts, where both its size and their length are known."""
    told = {name: model.number(name) for name in ("text_encoder_params", "text_tokens")}
    values = {name: value for name, value in told.items() if value is not None}
    return values if len(values) == len(told) else {}


def _listed(model: Record | None, name: str) -> float | None:
    return model.number(name) if model else None


def _pass_work(row: Row, known: Known, model: Record | None, frames: float) -> tuple[str, Values]:
    """Work of one pass: known and scaled, from latent tokens, or from parameters alone."""
    work = model.fact("denoise_work") if model else None
    if model is not None and work is not None:
        pixels = (model.number("width") or math.nan) * (model.number("height") or math.nan)
        return "unet_known", {"reference_flop": work.value, "reference_pixels": pixels}
    edge = _listed(model, "vae_downsample") or known.default("unlisted_autoencoder_edge")
    per_token = model.number("params_per_image_token") if model else None
    if model is None or per_token is None:
        return "unet", {
            "unet_params": number(row, "params_active_b") * 1e9,
            "unet_share": known.default("unet_share"),
            "token_edge": edge,
        }
    told = ("vae_temporal_downsample", "patch_temporal", "patch")
    frames_by, patch_frames, patch = (model.number(name) or _NOT_CUT for name in told)
    return "transformer", {
        "params_per_token": per_token,
        "hidden_size": model.number("hidden_size") or math.nan,
        "token_edge": edge * patch,
        "latent_frames": 1.0 + (frames - 1.0) / (frames_by * patch_frames),
    }


def _sample(row: Row, known: Known, card: Record) -> Shape | str:
    told = known.samples[row["model"]]
    precision = told["precision"]
    values = _board(card, known, "int8" if precision == "int8" else "bf16") | {
        "unit_flop": parse(f"{told['work']} {told['unit']}", "FLOP"),
        "replica_accelerators": number(row, "n_accelerators"),
        "served": float(row["serving_scenario"] == "server"),
        "packed": float(precision == "int8"),
    }
    if math.isnan(values["peak_flop_per_s"]):
        return f"no known {precision} peak of the accelerator"
    return Shape("sample", "sample", "tensorrt", values, archetype=False, fitted=True)
