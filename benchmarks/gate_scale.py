"""Memory and time of ``gate`` on many scenario files, beside a plain loop of numpy.

Run ``python benchmarks/gate_scale.py [FILES]``: a thousand files of one bundled scenario, each with
a name of its own, are judged by two rules in a process of its own.
"""

from __future__ import annotations

import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
SCENARIO = ROOT / "configs" / "lifecycle-chat-7b.yaml"
POLICY = """schema: carbonctl/policy/v1
rules:
  - {id: cap, metric: total_kgco2e, max: 100 t}
  - {id: each, metric: infer.per_request_kgco2e, max: 1 g}
"""


def write_files(folder: Path, count: int) -> list[str]:
    """Paths of scenarios that differ by their names, and of a policy beside them."""
    text = SCENARIO.read_text(encoding="utf-8")
    (folder / "policy.yaml").write_text(POLICY, encoding="utf-8")
    paths = []
    for place in range(count):
        path = folder / f"scenario-{place:05d}.yaml"
        named = re.sub(r"^name: .*$", f"name: scenario-{place}", text, flags=re.MULTILINE)
        path.write_text(named, encoding="utf-8")
        paths.append(str(path))
    return paths


def judge(paths: list[str], policy: Path) -> tuple[float, float]:
    """Seconds and peak memory [MB] of a process that judges these files."""
    command = [sys.executable, "-m", "carbonctl", "gate", *paths, "--policy", str(policy)]
    start = time.perf_counter()
    with tempfile.TemporaryFile() as out:
        subprocess.run(command, cwd=ROOT, stdout=out, stderr=out, check=False)
    seconds = time.perf_counter() - start
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def plain_loop() -> float:
    """Seconds of a fixed piece of numpy: what this machine does."""
    values, start = np.random.default_rng(0).uniform(1.0, 2.0, 1_000_000), time.perf_counter()
    for _ in range(20):
        values = np.sqrt(values * 1.1 + 0.1)
    return time.perf_counter() - start


def main() -> None:
    """Print time and memory for one file and for all."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    base = plain_loop()
    print(f"plain numpy, 20 passes over 1,000,000 rows: {base * 1e3:.0f} ms")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = write_files(folder, count)
        alone, small = judge(paths[:1], folder / "policy.yaml")
        seconds, peak = judge(paths, folder / "policy.yaml")
    each = (seconds - alone) / max(count - 1, 1)
    print(f"1 file: {alone:.2f} s, peak {small:.0f} MB")
    print(f"{count:,} files: {seconds:.1f} s, {each * 1e3:.1f} ms a file ({each / base:.3f} x"
          f" numpy), peak {peak:.0f} MB")  # fmt: skip


if __name__ == "__main__":
    main()
