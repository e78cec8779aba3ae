"""The usual concurrency is what the load keeps in flight: at its peak, without what is cached."""

from __future__ import annotations

from pytest import approx  # noqa: PT013 - arithmetic reads better without a prefix

WORDS = (
    "infer", "--model", "llama-2-7b", "--gpu", "h100-sxm", "--region", "NO",
    "--tokens", "500:300", "--samples", "0",
)  # fmt: skip


def test_half_of_the_requests_cached_is_half_of_the_load_and_twice_the_peak_is_twice(result):
    def concurrency(load, *flags):
        facts = result(*WORDS, "--requests", load, *flags)["facts"].values()
        (found,) = [fact["value"] for fact in facts if fact["label"] == "concurrency"]
        return found

    low, high = concurrency("100k/day"), concurrency("200k/day")
    assert low < high
    assert concurrency("200k/day", "--set", "infer.cache_hits=50 %") == approx(low)
    assert concurrency("100k/day", "--set", "infer.peak_to_mean=2") == approx(high)
