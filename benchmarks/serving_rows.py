"""A million serving estimates over load, concurrency and PUE, beside a plain loop of numpy.

Run ``python benchmarks/serving_rows.py``: seconds, rows a second and peak memory of each kind of
model, and the time of the same number of rows of a fixed formula in the same run.
"""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from carbonctl.app.plan_scenario import plan_scenario
from carbonctl.catalog.read import Catalog
from carbonctl.estimate.inputs import bind
from carbonctl.estimate.serving.infer import infer
from carbonctl.scenario.read.read_scenario import Setting, read_scenario

ROWS, BLOCK = 1_000_000, 16_384
KINDS = {
    "dense, usual concurrency": {"model": "llama-3.1-70b"},
    "dense, concurrency stated": {"model": "llama-3.1-70b", "infer.concurrency": 64},
    "dense, held devices": {"model": "llama-3.1-70b", "infer.hardware": {"accelerator": "h100-sxm",
                                                                        "count": 64}},
    "mixture of experts": {"model": "mixtral-8x7b"},
}  # fmt: skip
COMMON = {
    "infer.hardware": {"accelerator": "h100-sxm"},
    "site.region": "FR",
    "infer.requests": "1M/day",
    "infer.prompt_tokens": 500,
    "infer.output_tokens": 300,
    "period": "1 y",
}


def resolved(given: dict[str, object]) -> tuple[object, object]:
    """The serving phase and its site as numbers."""
    catalog = Catalog.open()
    settings = [Setting(path, value, "benchmark") for path, value in given.items()]
    scenario, document = read_scenario(None, settings, catalog)
    (phase,) = plan_scenario(scenario, document, catalog, ("infer",)).inputs.phases
    plain = bind(phase, lambda fact: fact.value)
    return plain.work, plain.site


def run(work: object, site: object, stream: np.random.Generator) -> float:
    """Seconds for all rows, in blocks."""
    rates = np.exp(stream.uniform(np.log(1e2), np.log(1e6), ROWS))
    most = np.exp(stream.uniform(np.log(4.0), np.log(256.0), ROWS))
    pues = stream.uniform(1.05, 1.6, ROWS)
    total, start = 0.0, time.perf_counter()
    for first in range(0, ROWS, BLOCK):
        rows = slice(first, first + BLOCK)
        limits = replace(work.model.limits, concurrency=most[rows])
        here = replace(
            work,
            model=replace(work.model, batch=most[rows], limits=limits),
            fleet=replace(work.fleet, rate_per_hour=rates[rows]),
        )
        total += float(infer(here, replace(site, pue=pues[rows])).facility_energy_kwh.sum())
    if not total > 0.0:
        raise RuntimeError(f"energy of all rows should be positive, got {total}")
    return time.perf_counter() - start


def plain_loop(stream: np.random.Generator) -> float:
    """Seconds of a fixed piece of numpy on as many rows: what this machine does."""
    a, start = stream.uniform(1.0, 2.0, ROWS), time.perf_counter()
    for _ in range(20):
        a = np.sqrt(a * 1.5 + 0.25)
    return time.perf_counter() - start


def main() -> None:
    """Print one line a kind."""
    stream = np.random.default_rng(0)
    base = plain_loop(stream)
    print(f"plain numpy, 20 passes over {ROWS:,} rows: {base:.2f} s")
    for name, given in KINDS.items():
        seconds = run(*resolved(COMMON | given), stream)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{name:28} {seconds:6.1f} s  {ROWS / seconds:10,.0f} rows/s  {seconds / base:6.0f} x"
              f"  peak {peak:,.0f} MB")  # fmt: skip


if __name__ == "__main__":
    main()
