"""What is said of a service that cannot run as stated: what a hint names can run."""

import re

import pytest
from scenarios import CONFIGS

from carbonctl.app.plan_scenario import plan_scenario
from carbonctl.app.serving_checks import MAX_INFEASIBLE_SHARE, MIN_INFEASIBLE_SHARE, check_draws
from carbonctl.catalog.read import Catalog
from carbonctl.core.errors import InputError
from carbonctl.scenario.read.read_scenario import read_scenario

SERVICE = ("infer", "--tokens", "500:300", "--region", "FR",
           "--requests", "1M/day")  # fmt: skip


@pytest.fixture
def serve(carbonctl):
    """Exit code and messages of a service with settings."""

    def call(*settings, gpu="h100-sxm", model="llama-3.1-70b", samples=0):
        given = [word for setting in settings for word in ("--set", f"infer.{setting}")]
        ran = carbonctl(*SERVICE, "--model", model, "--gpu", gpu, *given, "--samples", str(samples))
        return ran.code, ran.err

    return call


@pytest.fixture
def resolved():
    catalog = Catalog.open()
    scenario, document = read_scenario(str(CONFIGS / "infer-reasoning-b200.yaml"), (), catalog)
    return plan_scenario(scenario, document, catalog, ("infer",))


@pytest.mark.parametrize(
    ("share", "warned"), [(0.0, 0), (0.9 * MIN_INFEASIBLE_SHARE, 0), (MIN_INFEASIBLE_SHARE, 1),
                          (MAX_INFEASIBLE_SHARE, 1)],
)  # fmt: skip
def test_some_draws_that_are_not_feasible_are_a_warning(resolved, share, warned):
    before = len(resolved.warnings)
    check_draws(resolved, share)
    assert len(resolved.warnings) - before == warned


def test_many_draws_that_are_not_feasible_are_an_error_at_the_target(resolved):
    with pytest.raises(InputError) as caught:
        check_draws(resolved, MAX_INFEASIBLE_SHARE + 0.001)
    (problem,) = caught.value.problems
    assert problem.code == "CC304"
    assert problem.mark == resolved.document.mark(("infer", "latency"))


@pytest.mark.parametrize(
    ("concurrency", "code", "words"),
    [(550, 0, ""), (600, 0, "it fits at the favorable ends of the ranges"),
     (700, 3, "the largest that fits is 560\n")],
)  # fmt: skip
def test_a_concurrency_that_fits_at_the_best_ends_alone_is_warned_of(
    serve, concurrency, code, words
):
    """Four devices hold 560 sequences at the usual spread of lengths."""
    found = serve(f"concurrency={concurrency}", "tensor_parallel=4", "requests=100M/day")
    assert found[0] == code
    assert words in found[1]
    assert ("best ends" in found[1]) == ("best ends" in words)


def test_a_throughput_beyond_bandwidth_is_refused_and_the_largest_named_is_not(serve):
    stated = ("concurrency=32", "tensor_parallel=4", "requests=1k/day")
    code, said = serve("throughput=20000/s", *stated, gpu="h100-sxm:4")
    assert code == 3
    assert "reading the weights once takes" in said
    most = float(re.search(r"at most ([\d,]+) token/s", said)[1].replace(",", ""))
    for share, expected in ((0.999, 0), (1.001, 3)):
        assert serve(f"throughput={share * most}/s", *stated, gpu="h100-sxm:4")[0] == expected


@pytest.mark.parametrize("key", ["itl", "ttft"])
@pytest.mark.parametrize("gpu", ["h100-sxm", "h100-sxm:64"])
def test_the_nearest_latency_that_is_named_is_met_in_most_draws(serve, key, gpu):
    code, said = serve(f"latency.{key}=1 ms", gpu=gpu)
    assert code == 3
    nearest = float(re.search(r"the lowest that can be met is ([\d.]+) ms", said)[1])
    assert serve(f"latency.{key}={nearest} ms", gpu=gpu, samples=1_000)[0] == 0
    assert serve(f"latency.{key}={0.85 * nearest} ms", gpu=gpu, samples=1_000)[0] == 3


@pytest.mark.parametrize("key", ["itl", "ttft"])
def test_so_is_that_of_ranks_whose_time_no_size_changes(serve, key):
    stated = ("data_parallel=8", "tensor_parallel=1", "requests=10k/day")
    words = {"gpu": "h200-sxm", "model": "deepseek-v3"}
    code, said = serve(*stated, f"latency.{key}=0.5 ms", **words)
    assert (code, "on 8 devices" in said) == (3, True)
    nearest = re.search(r"the lowest that can be met is ([\d.]+) ms", said)[1]
    assert serve(*stated, f"latency.{key}={nearest} ms", samples=500, **words)[0] == 0


@pytest.mark.parametrize(
    ("requests", "concurrency", "filled"),
    [("10/day", 1, True), ("10/day", 2, False), ("1M/day", 64, True)],
)
def test_a_concurrency_that_the_load_fills_is_not_warned_of(serve, requests, concurrency, filled):
    stated = (f"requests={requests}", f"concurrency={concurrency}", "tensor_parallel=4")
    code, said = serve(*stated)
    assert code == 0
    assert ("more than the load has in flight" in said) == (not filled)


def test_a_load_that_would_fill_one_of_many_held_replicas_fills_its_concurrency(serve):
    stated = ("requests=1M/day", "concurrency=64", "tensor_parallel=4")
    assert "has in flight" not in serve(*stated, gpu="h100-sxm:64")[1]
