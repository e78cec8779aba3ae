"""Estimate whole hardware, from manufacturing to end of life, without use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.app.outcome import Result

if TYPE_CHECKING:
    from carbonctl.app.load import Scenario


def embodied(scenario: Scenario, *, samples: int, seed: int) -> Result:
    """The embodied carbon of the hardware of a scenario."""
    from carbonctl.app.plan_hardware import plan_item
    from carbonctl.estimate.embodied.hardware import embodied as estimate
    from carbonctl.report.envelope import ResultMetadata, build_result
    from carbonctl.report.user_inputs import user_inputs
    from carbonctl.study.montecarlo import evaluate

    sections, document, catalog = scenario
    item = plan_item(sections, document, catalog)
    evaluated = evaluate(item.inputs, estimate, samples=samples, seed=seed)
    metadata = ResultMetadata(
        name=sections.name or "",
        title=item.title,
        period_hours=None,
        not_estimated=item.not_estimated,
        warnings=item.warnings,
        inputs=user_inputs(document),
    )
    data = build_result("embodied", evaluated, catalog, metadata)
    return Result(data, item.warnings, catalog, evaluated)
