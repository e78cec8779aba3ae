"""What the feasibility check of a planned training run needs of the scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.record import record

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.scenario.schema import scenario_file as schema


@record
class TrainingCheck:
    """A run as stated, the life of its hardware, and its path in the scenario."""

    run: schema.Run
    life: Fact
    path: Path
