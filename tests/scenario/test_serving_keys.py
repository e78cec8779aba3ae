"""Keys that say what a measured service states: queues, full replicas, passes, denoisers."""

import pytest

PLACE = ("--region", "NO", "--samples", "0")
CHAT = ("infer", "--model", "llama-3.1-8b", "--gpu", "h100-sxm", "--tokens", "500:300",
        "--requests", "1M/day", *PLACE)  # fmt: skip
PICTURES = ("--gpu", "h100-sxm", "--images", "10k/day", *PLACE)


def sets(*settings):
    return [word for setting in settings for word in ("--set", f"infer.{setting}")]


def joules(data, unit="infer.functional_units"):
    metrics = data["metrics"]
    return metrics["infer.device_energy_kwh"]["value"] * 3.6e6 / metrics[unit]["value"]


def in_flight(data):
    (found,) = [f for f in data["facts"].values() if f["label"] == "concurrency"]
    return found


def test_a_full_replica_decodes_all_that_memory_holds(result, carbonctl):
    data = result(*CHAT, "--concurrency", "full", *sets("tensor_parallel=1"))
    found = in_flight(data)
    assert found["origin"] == "derived"
    most = int(found["value"])
    fits, beyond = (carbonctl(*CHAT, "--concurrency", str(n), *sets("tensor_parallel=1"))
                    for n in (most, most + 1))  # fmt: skip
    assert (fits.code, beyond.code) == (0, 3)
    assert not data["warnings"]  # the load of a queue need not keep it in flight
    stated = result(*CHAT, "--concurrency", str(most), *sets("tensor_parallel=1"))
    assert joules(data) == pytest.approx(joules(stated))


def test_a_full_replica_decodes_no_more_than_a_runtime(result):
    short = [word if word != "500:300" else "50:30" for word in CHAT]
    found = in_flight(result(*short, "--concurrency", "full"))
    assert found["value"] == 1024
    assert found["low"] < found["value"] < found["high"]


def test_work_offline_has_no_target_of_latency(result):
    words = ("infer", "--model", "vit-l-16", "--gpu", "a100-sxm4-80gb", *PLACE)
    plain, online, offline = (
        result(*words, *sets("samples=100/s", *more))
        for more in ((), ("serving=online",), ("serving=offline",))
    )
    assert joules(plain) == joules(online) > joules(offline)


def test_passes_of_the_denoiser_may_be_stated(result):
    words = ("infer", "--model", "sdxl-base-1.0", *PICTURES)
    one, two, three = (joules(result(*words, *sets(f"guidance_passes={n}"))) for n in (1, 2, 3))
    assert two - one == pytest.approx(three - two, rel=0.05)  # launches do not grow with passes
    assert one == pytest.approx(joules(result(*words, *sets("guidance=false"))))
    assert two == pytest.approx(joules(result(*words, *sets("guidance=true"))))


def test_a_denoiser_is_described_by_its_parameters(result):
    """Twice the parameters, steps or pixels are about twice the work; a clip is its frames."""

    def made(params="1.3B", size="512x512", steps=50, load="images=1k/day", **more):
        model = f"model={{kind: diffusion_unet, params: 4.9B, active_params: {params}}}"
        said = [f"{name}={value}" for name, value in more.items()]
        return joules(result("infer", "--gpu", "h100-sxm", *PLACE, "--set", model,
                             *sets(load, f"size={size}", f"steps={steps}", *said)))  # fmt: skip

    plain = made()
    for twice in (made(params="2.6B"), made(steps=100), made(size="1024x512")):
        assert 1.4 * plain < twice < 2.05 * plain
    assert made(load="videos=1/day", frames=16, fps=8) > 8 * plain
