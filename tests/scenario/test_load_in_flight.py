"""The usual concurrency is what the load keeps in flight: at its peak, without what is cached."""

from __future__ import annotations

from pytest import approx  # noqa: PT013 - arithmetic reads better without a prefix

WORDS = (
    "infer", "--model", "llama-2-7b", "--gpu", "h100-sxm", "--region", "NO",
    "--tokens", "500:300", "--samples", "0",
)  # fmt: skip


def test_half_of_the_requests_cached_is_half_of_the_load_and_twice_the_peak_is_twice(result):
    def in_flight(load, *flags):
        metrics = result(*WORDS, "--requests", load, *flags)["metrics"]
        return metrics["infer.sequences_in_flight"]["value"]

    low, high = in_flight("100k/day"), in_flight("200k/day")
    assert low < high
    assert in_flight("200k/day", "--set", "infer.cache_hits=50 %") == approx(low)
    assert in_flight("100k/day", "--set", "infer.peak_to_mean=2") == approx(high)
