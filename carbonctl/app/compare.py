"""Compare scenarios on common draws: which emits less, how surely, what changes the order."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from carbonctl.app.estimate_scenario import evaluate
from carbonctl.app.outcome import Outcome, Quantity, quantity_from_node
from carbonctl.core.errors import UsageError, collect_or_raise
from carbonctl.core.phase_names import PHASES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from carbonctl.app.load import Scenario
    from carbonctl.estimate.results import Lifecycle
    from carbonctl.result.compare import CompareResult
    from carbonctl.scenario.resolve.resolve_scenario import ResolvedScenario
    from carbonctl.study.montecarlo import Evaluated

    NamedLoader = tuple[
        str, Callable[[], Scenario]
    ]  # default name, and function that loads the scenario


class Comparison(Outcome):
    """Scenarios side by side: totals, differences, and the input that would change the order."""

    module = "text.side_by_side"
    data: CompareResult

    @property
    def totals(self) -> dict[str, Quantity]:
        """The total of each scenario by name."""
        return {one["name"]: quantity_from_node(one["total"]) for one in self.data["scenarios"]}

    def __repr__(self) -> str:
        return "; ".join(f"{name}: {total}" for name, total in self.totals.items())


def compare(
    scenarios: Sequence[NamedLoader],
    *,
    samples: int,
    seed: int,
    each: Callable[[Sequence[NamedLoader]], Iterable[NamedLoader]] = iter,
) -> Comparison:
    """Comparison of two or more scenarios on common draws.

    One InputError has the problems of all scenarios. ``each`` iterates over the scenarios and can
    show progress.
    """
    from carbonctl.estimate.lifecycle import lifecycle
    from carbonctl.report.phase_charges import phase_charges, result_title
    from carbonctl.report.text.side_by_side import compare_as_data
    from carbonctl.study.compare import compare as study

    def run(load: Callable[[], Scenario]) -> tuple[str, ResolvedScenario, Evaluated[Lifecycle]]:
        scenario = load()
        resolved, evaluated = evaluate(scenario, PHASES, samples=samples, seed=seed)
        return (
            result_title(resolved, phase_charges(resolved, scenario.catalog)),
            resolved,
            evaluated,
        )

    runs = collect_or_raise(partial(run, load) for _, load in each(scenarios))
    titles, resolved, results = ([one[0] for one in runs], [one[1] for one in runs],
                                 [one[2] for one in runs])  # fmt: skip
    if len({one.scenario.accounting for one in resolved}) > 1:
        message = "the scenarios have different accounting bases; choose one with --accounting"
        raise UsageError(message)
    compared = study(results, [one.inputs for one in resolved], lifecycle)
    names = [one.scenario.name or file for one, (file, _) in zip(resolved, scenarios, strict=True)]
    return Comparison(compare_as_data(compared, names, titles, results, resolved))
