"""Baselines for training: simpler published methods, not fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.formulas.training import training_priors, training_time
from carbonctl.verify.scoring import column
from carbonctl.verify.training_runs import log_by_test

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog
    from carbonctl.core.types import Array
    from carbonctl.verify.training_runs import Case

NAMES = ("6nd_0.35_tdp_pue", "tdp_hours", "green_algorithms", "llmcarbon")


def log_forecast(name: str, cases: list[Case], catalog: Catalog) -> Array:
    """Logarithm of a baseline's forecast; ``nan`` where it has none."""
    constants = {
        row["name"]: float(row["value"]) for row in catalog.table("training/baselines.csv")
    }
    rated = column(cases, "tdp_w")
    no_hours = np.full(len(cases), np.nan)  # these methods need hours from the user
    if name == "tdp_hours":
        return log_by_test(cases, no_hours, rated)
    if name == "green_algorithms":
        return log_by_test(
            cases, no_hours, rated + constants["memory_w_per_gb"] * column(cases, "memory_gb")
        )
    mfu: Array | float = constants["mfu"]
    if name == "llmcarbon":
        size = column(cases, "active_params")
        reached = (
            constants["llmcarbon_tflops"]
            + constants["llmcarbon_tflops_per_param"] * size
            + constants["llmcarbon_tflops_per_param2"] * size**2
        )
        mfu = reached / constants["llmcarbon_peak_tflops"]
    # every baseline counts 6 N D, also of an encoder-decoder
    work = training_priors.token_flop(active_params=column(cases, "active_params"))
    hours = training_time.accelerator_hours_from_flop_by_billed_mfu(
        train_flop=work * column(cases, "tokens"),
        peak_flop_per_s=column(cases, "peak_flop_per_s"),
        billed_mfu=mfu,
    )
    return log_by_test(cases, hours, rated)
