"""Device-hours of a job of fixed size that is spread over more machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="h", equation="t = t_0 * max(1, n / n_node)^a", source="training-power-boundaries")
def accelerator_hours_by_strong_scaling(
    *,
    modeled_hours: Num,
    accelerators: Num,
    accelerators_per_machine: Num,
    scaling_exponent: Num,
) -> Num:
    """Device-hours of a job of fixed size on several machines.

    Parameters
    ----------
    modeled_hours
        Device-hours of the job on one machine. [h]
    accelerators
        Devices reserved. [1]
    accelerators_per_machine
        Devices of one machine: up to them nothing is lost. [1] >= 1
    scaling_exponent
        Growth of device-hours with machines. [1] 0 where scaling is perfect; 0.10 to 0.32 seen

    References
    ----------
    MLPerf Training v4.0 power: energy to a quality target on 64 GPUs over that on 8 is 1.24 to
    1.70, on 512 it is 3.84.

    Examples
    --------
    >>> accelerator_hours_by_strong_scaling(modeled_hours=100.0, accelerators=128.0,
    ...     accelerators_per_machine=8.0, scaling_exponent=0.25)
    200.0
    """
    machines = np.maximum(accelerators / accelerators_per_machine, 1.0)
    return modeled_hours * machines**scaling_exponent
