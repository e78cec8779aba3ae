"""What a service may be asked: a batch that fits, a target of latency, drafts, caches, media."""

import json
import math
import re
from functools import partial

import pytest

from carbonctl.catalog import shapes
from carbonctl.catalog.read import Catalog

BASE = ("infer", "--model", "llama-3.1-70b", "--region", "NO", "--requests", "10k/day",
        "--samples", "0")  # fmt: skip
DEVICE, HOURS = "infer.device_energy_kwh", "infer.accelerator_hours"


@pytest.fixture
def serve(result):
    def call(*settings, gpu="h100-sxm:8", tokens="500:300"):
        words = [word for setting in settings for word in ("--set", f"infer.{setting}")]
        return result(*BASE, "--gpu", gpu, "--tokens", tokens, *words)

    return call


def value(data, name=DEVICE):
    return data["metrics"][name]["value"]


def batch(data):
    return value(data, "infer.sequences_in_flight")


def test_a_tighter_target_takes_a_smaller_batch_and_more_energy(serve):
    load = ("requests=9M/day", "tensor_parallel=4", "shared=true")
    made = [serve(f"latency.itl={ms} ms", *load, gpu="h100-sxm") for ms in (30, 50, 100)]
    assert sorted(map(batch, made)) == list(map(batch, made))
    assert sorted(map(value, made), reverse=True) == list(map(value, made))


def test_a_target_of_latency_is_met_and_by_no_larger_batch(serve):
    """The batch that is found, stated, takes as long; a little more does not fit the target."""
    data = serve("latency.itl=50 ms", "tensor_parallel=4", "requests=9M/day", gpu="h100-sxm")
    found = batch(data)

    def step_ms(concurrency):
        stated = serve(f"concurrency={concurrency}", "tensor_parallel=4", "busy_share=1",
                       "shared=true")  # fmt: skip
        requests = value(stated, "infer.functional_units")
        return value(stated, HOURS) * 3.6e6 * concurrency / (4 * requests * 300)

    assert step_ms(found) == pytest.approx(50.0)
    assert step_ms(found + 1) > 50.0


def test_a_batch_holds_no_more_than_the_load_keeps_in_flight(serve):
    """Little's law: 10k requests a day of 300 tokens, 50 ms each at most, are 1.7 sequences."""
    few, many = (serve("latency.itl=50 ms", f"requests={n}/day", "busy_share=1", "shared=true")
                 for n in ("10k", "900k"))  # fmt: skip
    assert batch(few) <= math.ceil(10_000 / 86_400 * 300 * 0.05)
    assert batch(many) > 100


def test_a_batch_that_the_load_fills_takes_no_more_than_its_replica(serve):
    data = serve("latency.itl=50 ms", "tensor_parallel=8", "requests=100k/day", "shared=true")
    assert value(data, HOURS) == pytest.approx(8 * 8760)


def test_without_a_concurrency_a_usual_latency_bounds_it_and_so_does_memory(serve):
    load, gpu = "requests=9M/day", "h100-sxm"
    usual = serve(load, gpu=gpu)
    assert batch(usual) == pytest.approx(batch(serve(load, "latency.itl=50 ms", gpu=gpu)), rel=0.2)
    assert batch(usual) > batch(serve(load, "latency.itl=30 ms", gpu=gpu))
    small = serve(load, "tensor_parallel=2", gpu=gpu)
    assert batch(small) < batch(usual)
    assert value(small) == pytest.approx(
        value(serve(load, "tensor_parallel=2", f"concurrency={batch(small)!r}", gpu=gpu))
    )


def test_the_usual_concurrency_is_no_more_than_the_load_keeps_in_flight(serve):
    """Little's law, whether a target of latency is stated or not."""
    few, loose = serve(), serve("latency.itl=10 h")
    assert batch(few) == batch(loose) <= 2
    assert value(few) == pytest.approx(value(loose), rel=0.05)


def test_more_load_takes_no_more_energy_a_request(serve):
    made = [serve(f"requests={load}/day") for load in ("1k", "30k", "100k", "900k")]
    assert sorted(map(batch, made)) == list(map(batch, made))
    each = [value(data, "infer.per_request_energy_wh") for data in made]
    assert sorted(each, reverse=True) == each


def test_a_stated_concurrency_that_the_load_does_not_fill_stays_and_is_warned_of(carbonctl):
    def ran(load):
        return carbonctl(*BASE[:5], "--requests", load, "--samples", "0", "--gpu", "h100-sxm:8",
                         "--tokens", "500:300", "--concurrency", "64", "-f", "json")  # fmt: skip

    few, many = ran("10k/day"), ran("500k/day")
    warned = "warning[CC303]: a concurrency of 64 is more than the load has in flight: 2\n"
    assert warned in few.err
    assert batch(json.loads(few.out)) == 64
    assert many.err == ""


def test_devices_that_are_no_power_of_two_hold_what_they_hold(result):
    """A model of a size alone: where heads are known, three devices cannot share 64 of them."""
    words = (*BASE[:1], "--params", "70B", *BASE[3:], "--tokens", "500:300", "--concurrency", "200")
    alone = result(*words, "--gpu", "h100-sxm:3")
    shared = result(*words, "--gpu", "h100-sxm:8", "--set", "infer.tensor_parallel=3")
    assert value(alone) == pytest.approx(value(shared))


def test_a_load_far_below_a_replica_says_so_and_a_count_charges_all_of_it(serve):
    key = "a replica of one's own"
    few = "requests=1k/day"
    part, whole = serve(few, gpu="h100-sxm"), serve(few, gpu="h100-sxm:2")
    assert "count: 2" in part["coverage"]["not_estimated"][key]
    assert key not in whole["coverage"]["not_estimated"]
    assert value(part, HOURS) < value(whole, HOURS) == pytest.approx(2 * 8760)
    assert key not in serve("requests=300k/day")["coverage"]["not_estimated"]


def test_a_throughput_alone_is_possible_up_to_the_peak_of_all_devices(serve):
    """8 x 1979 TFLOP/s of fp8 over 2 x 70.6e9 operations of 1 + 500/300 tokens: 42k token/s."""
    assert value(serve("throughput=41k token/s")) > 0
    with pytest.raises(AssertionError, match="at most 42,000 token/s"):
        serve("throughput=43k token/s")


def test_more_devices_for_the_same_batch_cost_no_less(serve):
    energies = [value(serve("concurrency=16", f"tensor_parallel={n}")) for n in (4, 8)]
    assert energies[0] < energies[1]


def test_drafting_pays_at_a_small_batch_and_not_at_a_large_one(serve):
    drafted = "speculative={draft: llama-3.2-1b, tokens: 4, acceptance: 0.8}"

    def gain(concurrency):
        plain = value(serve(f"concurrency={concurrency}"))
        return value(serve(f"concurrency={concurrency}", drafted)) / plain

    assert gain(1) < 0.5
    assert gain(1) < gain(64) < gain(512)
    assert gain(512) > 1


def test_drafts_that_are_never_accepted_only_cost(serve):
    drafted = "speculative={draft: llama-3.2-1b, tokens: 4, acceptance: 0.01}"
    assert value(serve("concurrency=8", drafted)) > 1.1 * value(serve("concurrency=8"))


def test_a_cached_prompt_spares_work_but_less_than_no_prompt(serve):
    whole, cached, none = (
        value(serve("concurrency=64", *more, tokens=tokens))
        for more, tokens in (
            ((), "2000:300"),
            (("prompt_cache_hits=0.9",), "2000:300"),
            ((), "1:300"),
        )
    )
    assert none < cached < whole


def test_reasoning_is_output_by_another_name(serve):
    named = serve("concurrency=32", "reasoning_tokens=2700")
    plain = serve("concurrency=32", "output_cv=0.6", tokens="500:3000")
    assert value(named) == pytest.approx(value(plain))
    assert 8 < value(named) / value(serve("concurrency=32")) < 12


def test_output_lengths_that_vary_more_keep_more_context_in_flight(serve):
    """32 sequences of 8,170 tokens on one H100: 0.317 J/token were measured of qwen3-8b."""
    joules = {
        cv: value(serve("concurrency=32", f"output_cv={cv}", "model=qwen3-8b", "shared=true",
                        gpu="h100-sxm", tokens="300:8170")) * 3.6e6 / (10_000 * 365 * 8170)
        for cv in (0, 0.6, 1)
    }  # fmt: skip
    assert joules[0] < joules[0.6] < joules[1]
    assert joules[0.6] == pytest.approx(0.317, rel=0.05)


def test_eight_bits_in_the_cache_halve_what_a_sequence_takes(serve, carbonctl):
    def most(*settings):
        """The largest concurrency that fits one device."""
        words = [w for s in ("concurrency=100000", "tensor_parallel=1", *settings)
                 for w in ("--set", f"infer.{s}")]  # fmt: skip
        ran = carbonctl("infer", "--model", "llama-3.1-8b", "--gpu", "h100-sxm", "--region", "NO",
                        "--requests", "1M/day", "--tokens", "500:300", *words)  # fmt: skip
        return int(re.search(r"largest that fits is ([\d,]+)", ran.err)[1].replace(",", ""))

    assert most("kv_precision=fp8") == pytest.approx(2 * most(), abs=2)
    wide, narrow = (value(serve("concurrency=64", *more, tokens="8000:300"))
                    for more in ((), ("kv_precision=fp8",)))  # fmt: skip
    assert narrow < wide


def test_media_are_prompt_tokens_with_a_wider_interval(result):
    words = [*BASE[:-2], "--samples", "500", "--gpu", "h100-sxm:8", "--concurrency", "64"]
    plain = result(*words, "--tokens", "756:300")
    media = result(*words, "--tokens", "500:300", "--set", "infer.image_tokens=256")
    assert value(media) == pytest.approx(value(plain))

    def width(data):
        ends = data["metrics"][DEVICE]
        return ends["p95"] / ends["p05"]

    assert width(media) > 2 * width(plain)
    assert "decoding of image on the host" in media["coverage"]["not_estimated"]


def test_a_measured_throughput_sets_the_hours_and_bounds_the_power(serve):
    data = serve("throughput=2400 token/s", "concurrency=64", "busy_share=1", "shared=true")
    tokens = value(data, "infer.functional_units") * 300
    assert value(data, HOURS) == pytest.approx(tokens * 8 / (2400 * 3600))
    watts = value(data) * 1e3 / value(data, HOURS)
    assert 70 < watts < 700


def test_a_throughput_that_the_model_itself_gives_changes_no_energy(serve):
    alone = serve("concurrency=64", "busy_share=1", "tensor_parallel=8", "shared=true")
    rate = value(alone, "infer.functional_units") * 300 * 8 / value(alone, HOURS) / 3600
    told = serve("concurrency=64", "busy_share=1", "tensor_parallel=8",
                 f"throughput={rate} token/s", "shared=true")  # fmt: skip
    assert value(told) == pytest.approx(value(alone), rel=1e-6)


def test_training_and_serving_cross_the_same_bridge_from_a_superchip_to_the_it_system(result):
    for gpu in ("nvidia-gh200-96gb",):
        trained = result("train", "--params", "7B", "--gpu", f"{gpu}:8", "--days", "1",
                         "--region", "NO", "--samples", "0")  # fmt: skip
        served = result("infer", "--params", "7B", "--gpu", f"{gpu}:8", "--requests", "1k/day",
                        "--tokens", "500:300", "--region", "NO", "--samples", "0")  # fmt: skip
        factor = value(trained, "train.it_energy_kwh") / value(trained, "train.device_energy_kwh")
        assert value(served, "infer.loaded_energy_kwh") / value(served) == pytest.approx(factor)


def test_a_chip_rated_far_above_its_use_is_served_by_what_it_was_seen_to_draw(result):
    data = result("infer", "--model", "llama-3.1-8b", "--gpu", "google-tpu-v3:8", "--requests",
                  "1M/day", "--tokens", "500:300", "--region", "NO", "--samples", "0",
                  "--shared")  # fmt: skip
    busy = value(data, HOURS) * data["facts"]["default:busy_share"]["value"]
    assert value(data) * 1e3 / busy < 288 / 1.2 < 450


def test_more_of_the_gap_switched_off_takes_less_energy_and_the_same_hardware(serve):
    load = "concurrency=64"
    serve = partial(serve, "shared=true")
    made = [serve(load, "peak_to_mean=3", f"autoscaling={off}") for off in (0, 0.5, 1)]
    facility = [value(data, "infer.facility_energy_kwh") for data in made]
    assert sorted(facility, reverse=True) == facility
    assert len({value(data, HOURS) for data in made}) == 1
    steady = value(serve(load), "infer.facility_energy_kwh")
    assert facility[2] == pytest.approx(steady)


def test_models_that_share_a_fleet_carry_its_idle_hours_by_their_shares(serve):
    data = serve("fleet_share=0.25")
    assert value(data, HOURS) == pytest.approx(0.25 * 8 * 8760)
    assert value(data) <= value(serve())  # fewer replicas share the load: each decodes more


def test_a_rung_of_the_ladder_takes_no_less_than_the_one_below(serve):
    rungs = [
        value(serve(), f"infer.per_request{rung}_energy_wh")
        for rung in ("_gpu", "_it_system", "_provisioned", "")
    ]
    assert sorted(rungs) == rungs
    assert len(set(rungs)) == 4


def test_other_units_follow_from_the_functional_unit(serve):
    data = serve()
    request = value(data, "infer.per_request_energy_wh")
    assert value(data, "infer.per_1k_output_tokens_energy_wh") == pytest.approx(request / 0.3)
    assert value(data, "infer.per_day_energy_kwh") == pytest.approx(request * 10)


def test_serving_has_emitted_as_much_as_training_at_the_break_even(result, configs):
    data = result("lifecycle", str(configs / "lifecycle-chat-7b.yaml"), "--samples", "0")
    units = value(data, "break_even_requests")
    own = value(data, "training_per_request_kgco2e") * value(data, "infer.functional_units")
    assert units * value(data, "infer.per_request_kgco2e") == pytest.approx(own)
    assert value(data, "train.operational_location_kgco2e") < own


def test_a_text_twice_as_long_takes_a_little_more_than_twice_the_work(result):
    def energy(tokens, *more):
        return value(result("infer", "--model", "bge-base-en-v1.5", "--gpu", "l4:4", "--region",
                            "NO", "--requests", "1M/day", "--samples", "0", "--set",
                            f"infer.prompt_tokens={tokens}", *more))  # fmt: skip

    short, long = energy(256), energy(512)
    assert 2 < long / short < 2.2
    assert energy(256, "--precision", "int8") < 0.7 * short


def test_samples_are_served_by_the_work_that_is_stated(result):
    def energy(work):
        return value(result("infer", "--model", "resnet-50", "--gpu", "l4:4", "--region", "NO",
                            "--samples", "0", "--set", "infer.samples=100/s", "--set",
                            f"infer.sample_work={work}"))  # fmt: skip

    assert energy("16.4 GFLOP") == pytest.approx(2 * energy("8.2 GFLOP"))


def test_samples_are_served_as_fast_as_was_measured_under_a_latency_target(result):
    data = result("infer", "--model", "resnet-50", "--gpu", "l4", "--region", "NO",
                  "--samples", "0", "--set", "infer.samples=100/s", "--set",
                  "infer.sample_work=8.2 GFLOP", "--set", "infer.horizon=1 y")  # fmt: skip
    facts = {key: fact["value"] for key, fact in data["facts"].items()}
    share, queue = facts["default:served_share"], facts["default:sample_efficiency"]
    seconds = 8.2e9 / (121e12 * queue * share)
    hours = 100 * 8_760 * seconds * facts["default:peak_to_mean"] / facts["default:busy_share"]
    assert value(data, HOURS) == pytest.approx(hours, rel=1e-3)


def test_a_second_of_video_is_a_share_of_its_clip(result, configs):
    data = result("infer", str(configs / "infer-text-to-video.yaml"), "--samples", "0")
    clip = value(data, "infer.per_video_energy_wh")
    assert value(data, "infer.per_video_second_energy_wh") == pytest.approx(clip * 16 / 81)


def test_a_draft_takes_room_beside_its_model(result):
    """Two cards of 80 GB hold 141 GB of weights; not 16 GB of a draft beside them."""
    words = [*BASE, "--gpu", "h100-sxm", "--tokens", "5:3", "--concurrency", "1"]
    draft = "infer.speculative={draft: llama-3.1-8b, tokens: 4, acceptance: 0.8}"
    data = result(*words, "--set", draft)
    (devices,) = [f["value"] for f in data["facts"].values()
                  if f["label"] == "devices of one replica"]  # fmt: skip
    assert devices == 4
    with pytest.raises(AssertionError, match="takes 4 devices"):
        result(*words, "--set", draft, "--set", "infer.tensor_parallel=2")


def test_idle_power_that_is_not_known_has_the_range_and_source_of_its_share(serve):
    """H800: no idle power is known, so a tenth of 700 W, 0.044 to 0.20 of it."""
    facts = serve(gpu="h800-sxm5:8")["facts"]
    (idle,) = [f for f in facts.values() if f["label"].startswith("idle power, NVIDIA H800")]
    assert (idle["value"], idle["low"], idle["high"]) == pytest.approx((70, 0.044 * 700, 140))
    assert (idle["unit"], idle["source"]) == ("W", "nvidia-smi-idle-listings")
    assert idle["range_kind"] == "p05_p95"


def test_no_batch_is_larger_than_a_runtime_decodes_together(serve):
    """A loose target, small model and great load: only the usual limit of schedulers is left."""
    settings = ("latency.itl=2000 ms", "requests=900M/day")
    data = serve(*settings, gpu="h200-sxm", tokens="10:10")
    assert batch(data) == 1024
    assert data["facts"]["default:most_sequences"]["origin"] == "default"


@pytest.mark.parametrize("name", ["qwen3-30b-a3b", "mixtral-8x7b", "qwen3-235b-a22b"])
def test_a_model_of_which_a_token_passes_a_part_is_a_mixture(name, result):
    """Told by its two sizes alone it is served like the mixture that it is, with its experts."""
    catalog = Catalog.open()
    total, active = (
        catalog.record("models", name).number(f"{which}_params") for which in ("total", "active")
    )
    words = ("infer", "--region", "NO", "--requests", "100k/day", "--tokens", "500:300",
             "--samples", "0", "--gpu", "h100-sxm:16", "--concurrency", "16")  # fmt: skip
    named = result(*words, "--model", name)
    told = result(*words, "--params", f"{total:g}", "--active-params", f"{active:g}")
    assert value(told) == pytest.approx(value(named), rel=0.03)  # but for its input embedding
    assumed = {one["label"]: one for one in told["assumptions"]}
    assert {"experts", "experts per token", "layers"} <= assumed.keys()
    assert "the nearest MoE model by size" in assumed["experts"]["note"]
    dense = result(*words, "--params", f"{total:g}")
    assert value(told) < value(dense)


@pytest.mark.parametrize(
    "name", ["dbrx-132b", "gpt-oss-20b", "grok-1", "llama-4-scout", "phi-3.5-moe", "deepseek-v2"]
)
def test_a_mixture_that_stands_in_for_none_is_near_to_its_like(name, result):
    """None of these is among the shapes that stand in; all are compared in 16 bits."""
    assert name not in shapes.MOE_SHAPES
    record = Catalog.open().record("models", name)
    words = ("infer", "--region", "NO", "--requests", "100k/day", "--tokens", "500:300",
             "--samples", "0", "--gpu", "h200-sxm:64", "--concurrency", "16",
             "--tensor-parallel", "8", "--precision", "bf16")  # fmt: skip
    sizes = (f"{record.number(f'{which}_params'):.12g}" for which in ("total", "active"))
    total, active = sizes
    told = value(result(*words, "--params", total, "--active-params", active))
    assert 0.6 < told / value(result(*words, "--model", name)) < 1.7


def test_stated_experts_stand_and_a_dense_model_has_none(result):
    words = ("infer", "--region", "NO", "--requests", "100k/day", "--tokens", "500:300",
             "--samples", "0", "--gpu", "h100-sxm:16", "--concurrency", "16",
             "--params", "47B", "--active-params", "13B")  # fmt: skip
    stated = ("--set", "model.experts=16", "--set", "model.experts_per_token=4")
    facts = {f["label"]: f for f in result(*words, *stated)["facts"].values()}
    assert (facts["experts"]["value"], facts["experts per token"]["value"]) == (16, 4)
    plain = {f["label"] for f in result(*words[:-2])["facts"].values()}
    assert not {"experts", "experts per token"} & plain


@pytest.mark.parametrize(
    ("gpu", "requests"),
    [("h100-sxm:16", "10k/day"), ("h100-sxm:512", "100k/day"), ("h100-sxm", "10M/day")],
)
@pytest.mark.parametrize("model", ["llama-3.1-70b", "deepseek-v3"])
def test_a_range_of_concurrency_beyond_what_devices_hold_is_cut_there(model, gpu, requests, result):
    """More devices than key-value heads hold no more: the high end stays where the memory does."""
    data = result("infer", "--model", model, "--region", "NO", "--requests", requests, "--gpu",
                  gpu, "--tokens", "5000:300", "--samples", "100", "--set",
                  "infer.concurrency=[8, 32, 5000]", "--precision", "fp8")  # fmt: skip
    flight = data["metrics"]["infer.sequences_in_flight"]
    assert flight["value"] == 32
    assert 32 < flight["p95"] < 5000
    held = data["metrics"]["infer.replica_accelerators"]
    assert held["p95"] <= float(gpu.partition(":")[2] or "inf")
    assert data["total"]["p95"] < math.inf


@pytest.mark.parametrize("gpu", ["t4", "l4", "h100-sxm"])
@pytest.mark.parametrize("model", ["bloom-176b", "gpt3-175b", "llama-1-13b", "jamba-1.5-large"])
def test_a_model_whose_heads_devices_cannot_share_alike_is_still_held(model, gpu, result):
    """The fewest devices that hold it are taken, whether they divide 112, 96, 40 or 64 heads."""
    words = ("infer", "--model", model, "--gpu", gpu, "--requests", "10k/day", "--tokens",
             "500:300", "--region", "NO", "--samples", "100")  # fmt: skip
    total = result(*words)["total"]
    assert 0 < total["p05"] < total["p95"] < math.inf
