"""Fit the constants of the training model to every published run, and write them as facts.

    python benchmarks/fit_training.py

writes ``hardware_db/training/constants.yaml``. ``carbonctl verify training`` says how well the
same fit forecasts runs that it has not seen.
"""

import sys
from pathlib import Path

import numpy as np

from carbonctl.catalog.read import Catalog, saturated_mfu_name
from carbonctl.verify import training_model, training_runs, training_scores
from carbonctl.verify.scoring import Z90

FOLDER = Path(__file__).parent.parent / "hardware_db"
HEAD = """\
# What training reaches and draws where a scenario does not say it: written by
# benchmarks/fit_training.py from published/training.csv, never by hand.
"""
LABELS = {
    "saturated_mfu": "MFU of large models",
    "token_overhead": "time per token beside its work",
    "saturated_power_share": "board power / TDP, large models",
    "half_power_params": "size of half the dynamic power",
    "host_power_factor": "host factor",
    "node_power_factor": "node over accelerators",
    "hours_residual": "model error, hours",
    "power_residual": "model error, power",
}
# kind of model as scenarios know it -> in words, and the published rows that are of it
KINDS = {
    "llm_dense": ("dense language models", {"dense_llm"}),
    "llm_moe": ("mixtures of experts", {"moe_llm"}),
    "encoder_decoder": ("encoder-decoders", {"dense_encoder_decoder"}),
    "encoder": ("encoders of text", {"encoder_lm"}),
    "vision": ("vision models", {"vision_vit", "vision_cnn"}),
    "dlrm": ("recommendation models", {"dlrm"}),
    "lora": ("LoRA", {"lora_finetune"}),
}
SHAPES = {"saturated_power_share": "share", "host_power_factor": "pue", "node_power_factor": "pue"}


def main() -> None:
    """Fit and write."""
    catalog = Catalog((FOLDER,))
    cases = training_runs.read_cases(FOLDER / "published" / "training.csv", catalog).cases
    model = training_model.fit_model(cases, training_model.load_priors(catalog))
    timed = [case for case in cases if case.test != "power"]
    powered = [case for case in cases if case.test != "time"]
    lines = [HEAD]
    for place, (name, value) in enumerate(model.constants.items()):
        sd = np.sqrt(model.covariance[place, place])
        if name == "saturated_mfu":  # for an architecture that none of the runs has
            sd = np.hypot(sd, model.architecture_sd)
        told_by = timed if "mfu" in name or "overhead" in name else powered
        keys = [saturated_mfu_name(case.architecture) for case in told_by]
        own = name in keys
        own_cases = [c for c, key in zip(told_by, keys, strict=True) if key == name or not own]
        runs = len({case.row["run_id"] for case in own_cases})
        lines.append(_line(name, value, sd, runs))
    for name, test in (("hours_residual", "time"), ("power_residual", "power")):
        runs = sum(case.test == test for case in cases)
        lines.append(_line(name, 1.0, model.residual_sd[test], runs))
    forecast = training_scores.held_out_forecast(cases, catalog, "family").log_value
    for level, test in (("work", "energy"), ("hours", "power")):
        for kind, (words, arch_types) in KINDS.items():
            rows = [i for i, case in enumerate(cases)
                    if case.test == test and case.row["arch_type"] in arch_types]  # fmt: skip
            miss = forecast[rows] - np.log([cases[i].measured for i in rows])
            errors = np.abs(np.expm1(miss[np.isfinite(miss)]))
            if errors.size:
                lines.append(_error(level, kind, words, errors))
    (FOLDER / "training" / "constants.yaml").write_text("".join(lines), encoding="utf-8")


def _error(level: str, kind: str, words: str, errors: np.ndarray) -> str:
    """What a level of evidence missed by, on runs whose family the constants had not seen."""
    runs = f"{len(errors)} run{'s' if len(errors) > 1 else ''}"
    low, median, high = np.percentile(errors, (10, 50, 90))
    return (
        f'error_of_{level}_{kind}: {{label: "held-out error of energy from {level}, {words}", '
        f"value: {median:.3g}, "
        f"unit: 1, range: [{low:.3g}, {high:.3g}], range_kind: p10_p90, "
        f'source: carbonctl-training-fit, note: "{runs} of {words}"}}\n'
    )


def _line(name: str, value: float, sd: float, runs: int) -> str:
    base = next(known for known in LABELS if name.startswith(known))
    architecture = name.removeprefix(base).strip("_")
    label = LABELS[base] + (f", {architecture}" if architecture else "")
    band = np.exp(Z90 * sd)
    unit = " s" if base == "token_overhead" else ""
    shape = f", shape: {SHAPES[base]}" if base in SHAPES else ""
    return (
        f'{name}: {{label: "{label}", value: {value:.4g}{unit}, unit: {unit.strip() or 1}, '
        f"range: [{value / band:.4g}, {value * band:.4g}], range_kind: p05_p95{shape}, "
        f'source: carbonctl-training-fit, note: "{runs} run{"s" if runs > 1 else ""}"}}\n'
    )


if __name__ == "__main__":
    sys.exit(main())
