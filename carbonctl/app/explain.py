"""Explain a number: its formula tree down to facts, and the facts that decide it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.app.load import PHASES_OF, Scenario, from_document
from carbonctl.app.outcome import Outcome
from carbonctl.core.phase_names import PHASES

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog
    from carbonctl.core.formula import Traced
    from carbonctl.core.strict_json import JsonDocument
    from carbonctl.report.facts import Result as Evaluated
    from carbonctl.study.montecarlo import Draws


class Explanation(Outcome):
    """A number with its formula tree, the counts of its facts, and its drivers."""

    def __init__(self, number: Traced, name: str, catalog: Catalog, draws: Draws) -> None:
        from carbonctl.report.basis import fact_summary
        from carbonctl.report.explain import formula_tree

        self._number, self._name, self._sources = number, name, catalog.sources
        self._basis = fact_summary(number, draws)
        super().__init__(formula_tree(number, name, self._basis))

    def in_words(self) -> str:
        """The tree as text with drivers and citations; contains no-break spaces."""
        from carbonctl.report.explain import formula_tree_text

        return formula_tree_text(self._number, self._name, self._basis, self._sources())

    def to_text(self, width: int = 100) -> str:
        """The tree as text, wrapped to ``width`` columns."""
        from carbonctl.report.text.wrapping import wrap_lines

        return wrap_lines(self.in_words(), width)

    def to_markdown(self) -> str:
        """The tree as a code block."""
        return f"```text\n{self.to_text()}```\n"

    def __repr__(self) -> str:
        return self.to_text()


def explain_number(
    evaluated: Evaluated, name: str, catalog: Catalog, *, samples: int, seed: int
) -> Explanation:
    """The explanation of a number of an estimate; InputError if there is no such number."""
    from carbonctl.report.explain import find_number

    number = find_number(evaluated.point, name)
    return Explanation(number, name, catalog, evaluated.draws(samples, seed))


def evaluate_any(scenario: Scenario) -> Evaluated:
    """The evaluation of any scenario: phases, a replacement, or whole hardware."""
    if scenario.has_phases:
        return _evaluate_phases(scenario, PHASES)
    if scenario.sections.refresh is not None:
        from carbonctl.app.refresh import evaluate_refresh

        return evaluate_refresh(scenario, samples=0, seed=0)[1]
    return _evaluate_item(scenario)


def evaluate_saved(
    saved_document: JsonDocument, hardware_db: str | None
) -> tuple[Evaluated, Catalog]:
    """The recomputation of the result of a file, and the catalog."""
    from carbonctl.app.recompute import input_document, single_result
    from carbonctl.catalog.read import Catalog

    result, at = single_result(saved_document)
    scenario = from_document(input_document(saved_document, at), Catalog.open(hardware_db))
    if result["command"] == "embodied":
        return _evaluate_item(scenario), scenario.catalog
    # the basis of a gated result comes from the policy, not from the scenario
    sections = scenario.sections.model_copy(update={"accounting": result["accounting"]})
    judged = scenario._replace(sections=sections)
    return _evaluate_phases(judged, PHASES_OF[result["command"]]), scenario.catalog


def _evaluate_phases(scenario: Scenario, phases: tuple[str, ...]) -> Evaluated:
    """The evaluation of some phases, without draws."""
    from carbonctl.app.estimate_scenario import evaluate

    return evaluate(scenario, phases, samples=0, seed=0)[1]


def _evaluate_item(scenario: Scenario) -> Evaluated:
    """The evaluation of whole hardware, without draws."""
    from carbonctl.app.plan_hardware import plan_item
    from carbonctl.estimate.embodied.hardware import embodied
    from carbonctl.study.montecarlo import evaluate

    item = plan_item(*scenario)
    return evaluate(item.inputs, embodied, samples=0, seed=0)
