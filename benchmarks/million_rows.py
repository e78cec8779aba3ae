"""A million rows of a training estimate beside the same arithmetic by hand, in one run.

    python benchmarks/million_rows.py [ROWS [RUNS]]

Rows differ in the number of devices, days, PUE and grid factor. The estimate is that of
``carbonctl train``: the same records, the same formulas, with columns in place of four numbers.
By hand is what a careful user of numpy writes for the same eight results; both must agree. Medians
of the runs are printed with their ratio, and the goal: at most 2.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from carbonctl.app.plan_scenario import plan_scenario
from carbonctl.catalog.read import Catalog
from carbonctl.core.units import HOURS_PER_YEAR
from carbonctl.estimate.embodied.hardware import machine_carbon
from carbonctl.estimate.inputs import bind
from carbonctl.estimate.lifecycle import lifecycle
from carbonctl.estimate.training.train_boundary import device_power_w
from carbonctl.scenario.read.read_scenario import read_scenario
from carbonctl.study.montecarlo import central_value
from carbonctl.study.rows import estimate_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from carbonctl.core.types import Array
    from carbonctl.estimate.inputs import LifecycleInputs

    Columns = dict[str, Array]

GOAL = 2.0
SCENARIO = b"""hardware: {accelerator: h100-sxm, count: 64}
site: {grid: 0.4 kg/kWh, pue: 1.2}
train: {days: 10 d}
"""


def inputs_of_scenario() -> LifecycleInputs[Any]:
    """Facts of the training run that all rows are variants of."""
    catalog = Catalog.open()
    scenario, document = read_scenario("rows.yaml", [], catalog, SCENARIO)
    return plan_scenario(scenario, document, catalog, ("train",)).inputs


def columns_of(rows: int) -> Columns:
    """Devices, hours, PUE and grid factor of every row."""
    random = np.random.default_rng(12)
    return {
        "hardware.count": random.integers(8, 4096, rows).astype(float),
        "train.days": random.uniform(24.0, 2400.0, rows),
        "site.pue": random.uniform(1.05, 1.6, rows),
        "site.grid": random.uniform(0.02, 0.9, rows),
    }


def measure(bound: LifecycleInputs[Any]) -> Columns:
    """What is asked of every row."""
    life = lifecycle(bound)
    phase = life.phases[0]
    return {
        "total": life.total_kgco2e,
        "electricity": phase.operational_location_kgco2e,
        "manufacturing": phase.manufacturing_kgco2e,
        "transport": phase.transport_kgco2e,
        "end of life": phase.end_of_life_kgco2e,
        "construction": phase.construction_kgco2e,
        "energy": phase.use.facility_energy_kwh,
        "hours": phase.use.accelerator_hours,
    }


def by_hand(inputs: LifecycleInputs[Any]) -> Callable[[Columns], Columns]:
    """The same results written with numpy alone; what no column changes is known beforehand."""
    phase = bind(inputs, central_value).phases[0]
    made, site, hardware = machine_carbon(phase.hardware), phase.site, phase.hardware
    watts, host = device_power_w(phase.work.power), phase.work.power.host_power_factor
    slots = hardware.machine.accelerators_per_machine
    building = site.construction_kgco2e_per_kw_year
    whole = hardware.lifetime_hours * hardware.allocation_rate

    def estimate(x: Columns) -> Columns:
        hours = x["hardware.count"] * x["train.days"]
        it = hours * watts / 1000.0 * host
        energy = it * x["site.pue"]
        electricity = energy * x["site.grid"]
        share = hours / slots / whole
        manufacturing = made.manufacturing_kgco2e * share
        transport = made.transport_kgco2e * share
        end = made.end_of_life_kgco2e * share
        construction = it / HOURS_PER_YEAR * building
        total = electricity + manufacturing + construction + transport + end
        return {"total": total, "electricity": electricity, "manufacturing": manufacturing,
                "transport": transport, "end of life": end, "construction": construction,
                "energy": energy, "hours": hours}  # fmt: skip

    return estimate


def seconds(run: Callable[[], object]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def main() -> None:
    """Check that both roads agree, then time them in turns."""
    rows, runs = [*map(int, sys.argv[1:3]), *(1_000_000, 5)[len(sys.argv) - 1 :]]
    inputs, columns = inputs_of_scenario(), columns_of(rows)
    hand = by_hand(inputs)
    one, other = estimate_rows(inputs, columns, measure), hand(columns)
    apart = max(float(np.abs(one[name] / other[name] - 1.0).max()) for name in other)
    del one, other
    times = [
        (seconds(lambda: estimate_rows(inputs, columns, measure)), seconds(lambda: hand(columns)))
        for _ in range(runs)
    ]
    estimated, written = (statistics.median(column) for column in zip(*times, strict=True))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"rows                  {rows:,}")
    print(f"largest difference    {apart:.1e}")
    print(f"the estimate          {1e3 * estimated:.0f} ms, median of {runs}")
    print(f"by hand in numpy      {1e3 * written:.0f} ms")
    print(f"ratio                 {estimated / written:.2f} (goal: at most {GOAL:g})")
    print(f"peak memory           {peak:.0f} MB")
    if estimated / written > GOAL:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
