"""Verify a saved result: recompute it, and report differences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.app.outcome import Outcome
from carbonctl.app.recompute import check_is_estimate, input_document, recompute
from carbonctl.report import saved, verification
from carbonctl.report.ci.findings import results

if TYPE_CHECKING:
    from carbonctl.catalog.read import Catalog
    from carbonctl.core.strict_json import JsonDocument
    from carbonctl.result.estimate import EstimateResult
    from carbonctl.result.verify import VerifiedResult, VerifyResult

TOLERANCE = 1e-9  # largest relative difference that counts as equal


class Verification(Outcome):
    """Differences between all results of a file and their recomputations."""

    module = "verification"
    data: VerifyResult

    @property
    def is_same(self) -> bool:
        """Whether no value differs by more than the tolerance."""
        return bool(self.data["status"] == "same")

    def __repr__(self) -> str:
        return "\n".join(verification.verification_lines(self.data))


def verify(
    saved_document: JsonDocument, *, hardware_db: str | None, tolerance: float
) -> Verification:
    """The verification of all results of a parsed file, on the present data."""
    from carbonctl.catalog.read import Catalog

    check_is_estimate(saved_document)
    catalog = Catalog.open(hardware_db)
    several = "results" in saved_document.data
    verified = [
        _verify_one(
            saved_document, ("results", place) if several else (), result, catalog, tolerance
        )
        for place, result in enumerate(results(saved_document.data))
    ]
    return Verification(verification.verification_as_data(saved_document.name, tolerance, verified))


def verify_file(source: str, *, hardware_db: str | None, tolerance: float) -> Verification:
    """The verification of all results of a file, or of stdin for ``-``."""
    return verify(saved.read_document(source), hardware_db=hardware_db, tolerance=tolerance)


def _verify_one(
    saved_document: JsonDocument,
    at: tuple[str | int, ...],
    result: EstimateResult,
    catalog: Catalog,
    tolerance: float,
) -> VerifiedResult:
    document = input_document(saved_document, at)
    now = recompute(
        result["command"], document, catalog, samples=result["samples"], seed=result["seed"]
    )
    return verification.verify_result(result, now.data, tolerance)
