"""Default and valid numbers of Monte Carlo draws."""

from __future__ import annotations

from carbonctl.core.errors import UsageError

DEFAULT_SAMPLES, DEFAULT_SEED = 2000, 1
MIN_SAMPLES, MAX_SAMPLES = 100, 1_000_000


def check_samples(samples: int) -> int:
    """The number of draws; UsageError if it is too small for an interval, or too large."""
    if samples and not MIN_SAMPLES <= samples <= MAX_SAMPLES:
        message = f"expected --samples of 0 (no interval) or {MIN_SAMPLES} to {MAX_SAMPLES:,}"
        raise UsageError(f"{message}, got {samples:,}")
    return samples
