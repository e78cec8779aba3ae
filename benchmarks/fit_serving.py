"""Fit the constants of the serving model to every measured configuration, and write them as facts.

    python benchmarks/fit_serving.py

writes ``hardware_db/serving/constants.yaml`` and the costs in ``hardware_db/runtimes``.
``carbonctl verify inference`` says how well the same fit forecasts what it has not seen.
"""

from pathlib import Path

import numpy as np

from carbonctl.catalog.read import Catalog
from carbonctl.verify import inference_cases, serving_cases, serving_model, serving_scores
from carbonctl.verify.scoring import Z90

Costs = dict[str, tuple[float, float, str]]  # value, log standard deviation, told by what
FOLDER = Path(__file__).parent.parent / "hardware_db"
HEAD = """\
# What serving reaches and draws, on any device and with any model: written by
# benchmarks/fit_serving.py from published/inference.csv and throughput.csv, never by hand.
"""
LABELS = {
    "weight_efficiency": "reached / peak bandwidth, weights",
    "kv_efficiency": "reached / peak bandwidth, cache",
    "attention_efficiency": "reached / peak FLOP, attention of decoded tokens",
    "prompt_attention_efficiency": "reached / peak FLOP, attention of prompts",
    "wide_efficiency": "reached / peak FLOP, products in 16 bits",
    "fp8_efficiency": "reached / peak FLOP, products in 8 bits",
    "fp4_efficiency": "reached / peak FLOP, products in 4 bits",
    "expert_overhead": "time of an expert's small matrices / one large",
    "lost_expert_width": "columns that a slice of an expert wastes",
    "uneven_routing": "work of preferred experts, prompts of text",
    "uneven_routing_of_random_tokens": "work of preferred experts, random prompts",
    "pipeline_bubble": "time that stages wait for each other",
    "resident_factor": "power with a model resident / idle",
    "energy_per_flop": "energy per operation in 16 bits",
    "energy_per_gb": "energy per GB of peak bandwidth",
    "fp8_energy_share": "energy of an 8-bit operation / 16-bit",
    "dense_efficiency": "reached / peak FLOP, diffusion",
    "sustained_energy": "energy per FLOP of sustained work",
    "sustained_energy_unet": "energy per FLOP of sustained convolutions",
    "picture_energy_per_flop": "energy per FLOP, eager diffusion",
    "picture_activation_bytes": "activation bytes per token and channel",
    "decoder_overhead": "decoder work as dense work",
    "sample_efficiency": "reached / peak FLOP, compiled models",
    "served_share": "throughput under a latency target",
    "sample_energy_per_flop": "energy per FLOP, compiled models",
    "packed_energy_share": "energy of an 8-bit operation",
    "server_base_power": "power of a server without boards",
    "board_to_wall": "wall power per board power",
}
UNITS = {
    "energy_per_flop": "J/FLOP",
    "sustained_energy": "J/FLOP",
    "sustained_energy_unet": "J/FLOP",
    "picture_energy_per_flop": "J/FLOP",
    "sample_energy_per_flop": "J/FLOP",
    "energy_per_gb": "J/GB",
    "server_base_power": "W",
}
COSTS = {
    "layer_launch": " s",
    "expert_launch": " s",
    "sequence_overhead": " s",
    "request_overhead": " s",
    "exchange_latency": " s",
    "dispatch_latency": " s",
    "link_efficiency": "",
    "kernel_quality": "",
    "exchange_overlap": "",
    "uneven_routing": "",
    "communication_factor": "",
}
_SHARES = ("link_efficiency", "kernel_quality", "exchange_overlap")


def main() -> None:
    """Fit and write."""
    catalog = Catalog((FOLDER,))
    cases = inference_cases.read_cases(FOLDER / "published" / "inference.csv", catalog).cases
    models = serving_scores.fit_all(cases, catalog)
    lines: list[str] = [HEAD]
    costs: dict[str, Costs] = {}
    for kind, model in models.items():
        own = [case for case in cases if case.kind == kind and case.is_fitted]
        many = serving_model.cases_that_inform(own, model)
        for place, (name, value) in enumerate(model.constants.items()):
            sd = float(np.sqrt(model.covariance[place, place]))
            base, runs = _cost_of(name), _told(many[name], bound=name in model.bound)
            if base is None:
                lines.append(_line(name, LABELS[name], value, sd, UNITS.get(name, "1"), runs))
            else:
                costs.setdefault(name.removeprefix(f"{base}_"), {})[base] = (value, sd, runs)
        for what, left in model.residual_sd.items():
            if what.startswith("media"):
                continue  # judged, in the priors
            label = f"model error, {what.replace('_', ' ')}"
            lines.append(_line(f"{what}_residual", label, 1.0, left, "1", _told(many[what])))
    (FOLDER / "serving" / "constants.yaml").write_text("".join(lines), encoding="utf-8")
    _write_fitted(cases, catalog)
    _write_untold(catalog, costs)
    for stack, told in costs.items():
        _write_costs(FOLDER / "runtimes" / f"{stack}.yaml", told)


def _write_fitted(cases: list[serving_cases.Case], catalog: Catalog) -> None:
    """What the energy of language models was fitted on: architectures and kinds of memory."""
    seen: dict[tuple[str, str], int] = {}
    for case in cases:
        if case.kind != "language" or not case.is_fitted or not np.isfinite(case.energy_j):
            continue
        card = catalog.record("accelerators", case.row["accelerator_id"])
        for key in (("architecture", case.architecture), ("memory", card.text("memory_type"))):
            seen[key] = seen.get(key, 0) + 1
    lines = [f"{kind},{name},{count}\n" for (kind, name), count in sorted(seen.items())]
    text = "dimension,name,configurations\n" + "".join(lines)
    (FOLDER / "serving" / "fitted.csv").write_text(text, encoding="utf-8")


def _told(many: int, *, bound: bool = False) -> str:
    """How many configurations tell a constant, and whether its bound does; empty for none."""
    if not many:
        return ""
    held = "; at the most it may be, its range as if no bound held it" if bound else ""
    return f"{many} configuration{'s' if many > 1 else ''}{held}"


def _cost_of(name: str) -> str | None:
    """The cost of which a constant is one stack's own."""
    stacks = serving_model.KNOWN_STACKS
    return next((cost for cost in COSTS for stack in stacks if name == f"{cost}_{stack}"), None)


def _write_untold(catalog: Catalog, costs: dict[str, Costs]) -> None:
    """Costs of stacks that no language case tells of stay at their priors."""
    prior = serving_model.load_priors(catalog, "language")
    for name, center, spread in zip(prior.names, prior.center, prior.spread, strict=True):
        base = _cost_of(name)
        if base is not None:
            told = costs.setdefault(name.removeprefix(f"{base}_"), {})
            told.setdefault(base, (float(np.exp(center)), float(spread), ""))


def _write_costs(path: Path, told: Costs) -> None:
    """The costs of one stack, under the lines of its file that are written by hand."""
    kept = [
        line
        for line in path.read_text(encoding="utf-8").splitlines(keepends=True)
        if not line.startswith(("#", *(f"{cost}:" for cost in COSTS)))
    ]
    lines = [
        "# Costs of one stack, shared by all models: written by benchmarks/fit_serving.py.\n",
        *kept,
    ]
    for name, unit in COSTS.items():
        if name in told:
            value, sd, runs = told[name]
            lines.append(_fact(name, f"{value:.3g}{unit}", value, sd, runs))
    path.write_text("".join(lines), encoding="utf-8")


def _fact(name: str, text: str, value: float, sd: float, runs: str) -> str:
    band = float(np.exp(Z90 * sd))
    low, high = f"{float(f'{value:.3g}') / band:.3g}", f"{float(f'{value:.3g}') * band:.3g}"
    shape = ", shape: share" if name in _SHARES else ""
    if shape:
        high = f"{min(value * band, 0.995):.3g}"
    more = (
        f'source: carbonctl-serving-fit, note: "{runs}"'
        if runs
        else "source: carbonctl-serving-model, mark: estimated, note: no configuration tells it"
    )
    return (
        f"{name}: {{value: {text}, range: [{low}, {high}], range_kind: p05_p95{shape}, {more}}}\n"
    )


def _line(name: str, label: str, value: float, sd: float, unit: str, runs: str) -> str:
    band = float(np.exp(Z90 * sd))
    suffix = "" if unit == "1" else f" {unit}"
    low, high = f"{value / band:.4g}", f"{value * band:.4g}"
    shape = ", shape: share" if name.endswith(("_efficiency", "_share")) else ""
    if shape:
        high = f"{min(value * band, 0.995):.4g}"
    return (
        f'{name}: {{label: "{label}", value: {value:.4g}{suffix}, unit: {unit}, '
        f"range: [{low}, {high}], range_kind: p05_p95{shape}, "
        f'source: carbonctl-serving-fit, note: "{runs}"}}\n'
    )


if __name__ == "__main__":
    main()
