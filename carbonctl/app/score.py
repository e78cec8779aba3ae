"""Score forecasts against measurements: published runs, products and services."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from carbonctl.app.outcome import Outcome

if TYPE_CHECKING:
    from carbonctl.report.verify import ScoreView

ScoreTest = Literal["training", "embodied", "inference"]
# test -> module that reads its table, and module that forecasts and scores its cases
_MODULES: dict[ScoreTest, tuple[str, str]] = {
    "training": ("verify.training_runs", "verify.training_scores"),
    "embodied": ("scenario.resolve.hardware.published_products", "verify.embodied_scores"),
    "inference": ("verify.inference_cases", "verify.serving_scores"),
}


class Scores(Outcome):
    """Errors of forecasts, of all cases and of each group."""

    def __init__(self, data: dict[str, Any], view: ScoreView, *, is_bundled: bool) -> None:
        super().__init__(data)
        self._view, self._is_bundled = view, is_bundled

    def to_text(self, *, verbose: bool = False) -> str:
        """The errors as text; all groups if ``verbose``."""
        from carbonctl.report.verify import format_scores

        return format_scores(self.data, self._view, held_out=self._is_bundled, verbose=verbose)

    def to_markdown(self) -> str:
        """The errors as a code block."""
        return f"```text\n{self.to_text()}```\n"


def score(test: ScoreTest, *, cases: str | None, hardware_db: str | None) -> Scores:
    """Scores of the bundled table, each case without its family, or of the user's own table."""
    from carbonctl.catalog.locate import bundled_folder
    from carbonctl.catalog.read import Catalog
    from carbonctl.report import verify as report

    table, study = (importlib.import_module(f"carbonctl.{name}") for name in _MODULES[test])
    catalog = Catalog.open(hardware_db)
    fitted = table.read_cases(bundled_folder("hardware_db") / "published" / f"{test}.csv", catalog)
    cases_to_score = fitted if cases is None else table.read_cases(Path(cases), catalog)
    seen = study.in_sample(cases_to_score, None if cases is None else fitted)
    scores = study.scores(cases_to_score, catalog, bundled=cases is None)
    data = report.scores_as_data(scores, cases_to_score.sha256, seen)
    return Scores(data, report.SCORE_VIEWS[test], is_bundled=cases is None)
