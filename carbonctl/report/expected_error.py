"""Expected error of training energy: forecast error on held-out runs of the same kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.catalog.read import default_names
from carbonctl.core.formula import Traced
from carbonctl.report.trace_walk import facts_under

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog
    from carbonctl.estimate.results import PhaseResult
    from carbonctl.result.facts import ExpectedError

UNTESTED = "not tested on this kind of model"
# level of evidence -> fact of the model's residual at that level
_MODELED = {"work": "hours_residual", "hours": "power_residual"}


def expected_errors(phases: tuple[PhaseResult, ...], catalog: Catalog) -> dict[str, ExpectedError]:
    """Forecast errors on held-out runs by level of evidence; null if no such run was held out.

    A stated energy, or power with hours, has no model error and no entry. Several kinds of models
    at one level have one entry each; from the second on, the key contains the kind.
    """
    errors: dict[str, ExpectedError] = {}
    for phase in phases:
        level = phase.evidence
        if phase.kind != "train" or level not in _MODELED or not _has_model_error(phase):
            continue
        entry = _error_on_held_out_runs(level, phase.architecture, catalog)
        key = level if errors.get(level, entry) == entry else f"{level}, {phase.architecture}"
        errors[key] = entry
    return errors


def _has_model_error(phase: PhaseResult) -> bool:
    """Whether the energy of a phase depends on the residual of the model."""
    energy = phase.use.facility_energy_kwh
    return isinstance(energy, Traced) and f"default:{_MODELED[phase.evidence]}" in facts_under(
        energy
    )


def _error_on_held_out_runs(level: str, architecture: str, catalog: Catalog) -> ExpectedError:
    """The error for a kind of model at a level of evidence; null if none was held out."""
    name = f"error_of_{level}_{architecture}"
    if name not in default_names(catalog):
        source = catalog.default(_MODELED[level]).source
        return {"median_ape": None, "p90_ape": None, "source": source, "note": UNTESTED,
                "architecture": architecture or None}  # fmt: skip
    fact = catalog.default(name)
    return {"median_ape": fact.value, "p90_ape": fact.high, "source": fact.source,
            "note": fact.note, "architecture": architecture}  # fmt: skip
