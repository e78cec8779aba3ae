"""What a training run is checked for once it is planned, and where that stands in the scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.record import record

if TYPE_CHECKING:
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.scenario.schema import scenario_file as schema


@record
class TrainingCheck:
    """A run as it was written, its place, and the life of its hardware."""

    run: schema.Run
    life: Fact
    path: Path
