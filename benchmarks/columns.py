"""Every fact of every bundled scenario as a column of all its values, beside single estimates.

    python benchmarks/columns.py [WORD...]

Values are the ends of a fact's range, and a tenth to ten times its own. Words choose scenarios by
their names. A plan is made inside of an estimate: each row chooses batch and devices for itself.
It prints facts, values and seconds a scenario, then every fact whose rows differ from the single
estimates of their values by more than 1e-9, and ends with 1 where there is one.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from columns import differing_columns, differing_draws, every_input, far_values_of, measured

from carbonctl.estimate.inputs import collect_facts
from carbonctl.study.montecarlo import Draws

DRAWS = 50


def main() -> int:
    """Print one line a scenario, and what is wrong."""
    words, wrong, count = sys.argv[1:], [], 0
    for name, inputs in every_input():
        if words and not any(word in name for word in words):
            continue
        start = time.perf_counter()
        values = {key: far_values_of(fact) for key, fact in collect_facts(inputs).items()}
        size = sum(map(len, values.values()))
        with np.errstate(all="ignore"):  # a tenth of a count of layers is no model
            found = differing_columns(inputs, measured, values)
            found += differing_draws(inputs, measured, Draws(DRAWS, 1))
        seconds = time.perf_counter() - start
        print(f"{name:28} {len(values):4} facts {size:5} values {seconds:6.1f} s", flush=True)
        wrong += [f"{name} {line}" for line in found]
        count += size
    print(*wrong, f"{len(wrong)} of {count} values and the draws differ", sep="\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
