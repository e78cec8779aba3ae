"""Every fact of every bundled scenario as a column: rows are the single estimates of its values."""

from __future__ import annotations

import numpy as np
from columns import differing_columns, inputs_of
from scenarios import LIVES_AND_ITEMS, command_of

from carbonctl.estimate.embodied.hardware import embodied
from carbonctl.estimate.inputs import ItemInputs, collect_facts
from carbonctl.estimate.lifecycle import lifecycle
from carbonctl.estimate.training.training_limits import training_limits
from carbonctl.estimate.training.training_run import TrainRun
from carbonctl.plan.training import training_notices, training_status

LIFE_HOURS = 43_800.0
CONFIGS = [path for path in LIVES_AND_ITEMS if command_of(path) != "infer"]


def measured(inputs):
    """Every number of a result by name, and what a plan says of its training runs."""
    result = embodied(inputs) if isinstance(inputs, ItemInputs) else lifecycle(inputs)
    found = {"total": result.total_kgco2e, **result.metrics}
    found |= {f"line {line.id}": line.kgco2e for line in result.lines}
    for phase in getattr(inputs, "phases", ()):
        if isinstance(phase.work, TrainRun):
            limits = training_limits(phase.work, phase.site, LIFE_HOURS)
            found[f"{phase.id} status"] = training_status(limits)
            found[f"{phase.id} notices"] = training_notices(limits)
    return found


def form_of(inputs):
    """Kinds of evidence of the phases of a life, in whose estimates a fact may take part."""
    works = (phase.work for phase in getattr(inputs, "phases", ()))
    return frozenset(type(getattr(work, "evidence", work)).__name__ for work in works)


def test_a_column_of_any_fact_gives_the_estimates_of_its_values():
    """A fact that scenarios of one form share is looked at once."""
    looked_at, wrong = set(), []
    for config in CONFIGS:
        inputs = inputs_of(config, "data", "experiments", "train")
        form = form_of(inputs)
        keys = [key for key in collect_facts(inputs) if (form, key) not in looked_at]
        looked_at |= {(form, key) for key in keys}
        wrong += [f"{config.stem} {line}" for line in differing_columns(inputs, measured, keys)]
    assert wrong == []
    assert len(looked_at) > 500


def test_a_column_that_is_read_as_its_first_row_is_found():
    inputs = inputs_of(CONFIGS[0].parent / "train-gpt-3.yaml", "train")

    def first_row(bound):
        return {name: np.ravel(value)[0] for name, value in measured(bound).items()}

    assert differing_columns(inputs, first_row, ["site.grid"])
