"""What ``carbonctl verify RESULT`` does: compute a saved result again, and say what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carbonctl.cli.again import again, given, only_estimates
from carbonctl.report import saved, verified
from carbonctl.report.findings import results

if TYPE_CHECKING:
    from carbonctl.core.strict_json import Json
    from carbonctl.result.estimate import EstimateResult
    from carbonctl.result.verify import VerifiedResult, VerifyResult


def verify(source: str, hardware_db: str | None, tolerance: float) -> VerifyResult:
    """Every result of a file beside the same computed again."""
    from carbonctl.catalog.read import Catalog  # noqa: PLC0415 - after a good file

    made = saved.document(source)
    only_estimates(made)
    catalog = Catalog.open(hardware_db)
    several = "results" in made.data
    found = [
        _one(made, ("results", place) if several else (), result, catalog, tolerance)
        for place, result in enumerate(results(made.data))
    ]
    return verified.as_data(made.name, tolerance, found)


def _one(
    made: Json, at: tuple[str | int, ...], result: EstimateResult, catalog: Any, tolerance: float
) -> VerifiedResult:
    flags = {"samples": result["samples"], "seed": result["seed"]}
    now = again(result["command"], given(made, at), catalog, flags)
    return verified.one(result, now, tolerance)
