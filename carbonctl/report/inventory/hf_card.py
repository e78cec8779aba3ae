"""Metadata of a model card: ``co2_eq_emissions`` in grams, as the Hugging Face Hub reads it."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from carbonctl import __version__
from carbonctl.core.errors import InputError, Mark, Problem
from carbonctl.core.units import g_from_kg
from carbonctl.report.ci.findings import results
from carbonctl.report.machine import not_finite_error
from carbonctl.report.median import half_of_draws
from carbonctl.report.numbers import printable_texts
from carbonctl.report.phase_inputs import given_scenario, phase_lines, phase_of, section_of_phase

if TYPE_CHECKING:
    from carbonctl.result.estimate import EstimateResult, Estimates
    from carbonctl.result.node import Line

_TRAINING = ("train", "idle")
_HARDWARE_KEYS = ("accelerator", "server", "instance")


def as_hf_card(data: Estimates) -> str:
    """Metadata with the carbon of training electricity in grams, and the total in a comment."""
    all_results = results(data)
    lines = (
        [line for line in phase_lines(all_results[0]) if line["kind"] in _TRAINING]
        if all_results
        else []
    )
    if len(all_results) != 1 or not lines:
        message = "a model card needs one result with training; this file has none or several"
        hint = "carbonctl train FILE -f hf-card"
        raise InputError([Problem("CC706", message, Mark("--format"), hint)])
    return _card(all_results[0], lines)


def _card(result: EstimateResult, lines: list[Line]) -> str:
    grams = g_from_kg(math.fsum(line["value"] for line in lines))
    whole = g_from_kg(result["total_kgco2e"])
    if not (math.isfinite(grams) and math.isfinite(whole)):
        raise not_finite_error()
    source = f"carbonctl {__version__}: electricity of training, {result['accounting']} basis"
    phases = list(dict.fromkeys(phase_of(line) for line in lines))
    texts = printable_texts({
        "source": source,
        "training_type": _training_type(result),
        "geographical_location": _names_of_runs(result, phases, "site", ("region",)),
        "hardware_used": _names_of_runs(result, phases, "hardware", _HARDWARE_KEYS),
    })  # fmt: skip
    median = half_of_draws(result["total"], lambda kg: f"{g_from_kg(kg):.0f}")
    aside = f"; {median}" if median else ""
    head = [
        "---",
        "co2_eq_emissions:",
        f"  emissions: {grams:.0f}  # grams; with everything estimated {whole:.0f}{aside}",
    ]
    lines_with_text = [
        f"  {key}: {json.dumps(text, ensure_ascii=False)}" for key, text in texts.items() if text
    ]
    unsaid = [f"  # {key}: not in the scenario" for key, text in texts.items() if not text]
    own = result["data"].get("overlay_folder")
    facts = ", ".join(result["data"]["overlay"]) or "no fact in use"
    laid = [f"  # hardware data of {json.dumps(own)} changes {facts}"] if own else []
    return "\n".join([*head, *lines_with_text, *unsaid, *laid, "---"]) + "\n"


def _training_type(result: EstimateResult) -> str:
    """``fine-tuning`` if the scenario states it; else empty."""
    train = given_scenario(result).get("train")
    train = train if isinstance(train, dict) else {}
    runs = train.get("runs")
    methods = {train.get("method")} | {
        run.get("method")
        for run in (runs if isinstance(runs, list) else [])
        if isinstance(run, dict)
    }
    tuned = "base" in train or methods & {"lora", "qlora", "dpo", "grpo", "ppo"}
    return "fine-tuning" if tuned else ""


def _names_of_runs(
    result: EstimateResult, phases: list[str], name: str, keys: tuple[str, ...]
) -> str:
    """Distinct sites or hardware of the runs, as named in the scenario."""
    names: dict[str, None] = {}
    for phase in phases:
        given = section_of_phase(result, phase, name)
        count = f"{given['count']} x " if "count" in given else ""
        for key in keys:
            if key in given:
                names[f"{count}{given[key]}"] = None
    return ", ".join(names)
