"""Every measured service by the whole road of ``infer`` and by the stacks of ``verify``.

    python benchmarks/parity.py

prints how many agree, by kind, and which rows ``infer`` refuses and why. The two take the same
records of facts; where they differ, one of them computes a number of its own.
"""

import sys
from collections import Counter
from pathlib import Path

from carbonctl.catalog.read import Catalog
from carbonctl.verify import parity, serving_cases

TABLE = Path(__file__).parent.parent / "hardware_db" / "published" / "inference.csv"


def main() -> None:
    """Compare and print."""
    catalog = Catalog.open()
    cases = serving_cases.read(TABLE, catalog).cases
    stacked = parity.stacked(cases, catalog)
    counts: Counter[tuple[str, str]] = Counter()
    refused: Counter[tuple[str, str]] = Counter()
    for place, case in enumerate(cases):
        made = parity.estimate(case, catalog)
        if isinstance(made, str):
            counts[case.sort, "refused"] += 1
            where = f"{case.accelerators:g} {case.row['accelerator_id']}"
            refused[f"{case.row['model']} on {where}, {case.row['task']}", made] += 1
            continue
        off = max(abs(one / other - 1.0) for one, other in zip(made, stacked[place], strict=True))
        counts[case.sort, "same" if off <= parity.NEAR else "different"] += 1
        if off > parity.NEAR:
            print(f"{case.row['row_id']}  {off:.2%} off", file=sys.stderr)
    print(f"{'kind':12}{'same':>8}{'different':>12}{'refused':>10}")
    for sort in dict.fromkeys(case.sort for case in cases):
        same, other, none = (counts[sort, what] for what in ("same", "different", "refused"))
        print(f"{sort:12}{same:8}{other:12}{none:10}")
    for (what, why), many in sorted(refused.items()):
        print(f"{many:4}  {what}: {why}")


if __name__ == "__main__":
    sys.exit(main())
