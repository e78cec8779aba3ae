"""How many draws an estimate makes where nobody says, and how many it may make."""

from __future__ import annotations

from carbonctl.core.errors import UsageError

DEFAULT_SAMPLES, DEFAULT_SEED = 2000, 1
MIN_SAMPLES, MAX_SAMPLES = 100, 1_000_000


def check_samples(samples: int) -> int:
    """The number itself; UsageError where it is too small for an interval, or too large."""
    if samples and not MIN_SAMPLES <= samples <= MAX_SAMPLES:
        message = f"--samples is 0, for no interval, or {MIN_SAMPLES} to {MAX_SAMPLES:,}"
        raise UsageError(f"{message}, not {samples:,}")
    return samples
