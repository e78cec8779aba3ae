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


def held(data):
    """Sequences that memory holds, as the choice of the operating point says."""
    return data["facts"]["infer.concurrency/memory"]["value"]


def test_a_full_replica_decodes_all_that_memory_holds(result):
    data = result(*CHAT, "--concurrency", "full", *sets("tensor_parallel=1"))
    assert not data["warnings"]  # the load of a queue need not keep it in flight
    assert held(data) < 1024
    stated = result(*CHAT, "--concurrency", f"{held(data)}", *sets("tensor_parallel=1"))
    assert joules(data) == pytest.approx(joules(stated))
    few = [word if word != "1M/day" else "10/day" for word in CHAT]
    assert joules(result(*few, "--concurrency", "full", *sets("tensor_parallel=1"))) == (
        pytest.approx(joules(data))
    )


def test_a_full_replica_decodes_no_more_than_a_runtime(result):
    short = [word if word != "500:300" else "50:30" for word in CHAT]
    data = result(*short, "--concurrency", "full", *sets("tensor_parallel=1"))
    assert held(data) > 1024
    stated = result(*short, "--concurrency", "1024", *sets("tensor_parallel=1"))
    assert joules(data) == pytest.approx(joules(stated))


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


def test_a_replica_has_the_devices_of_all_its_stages(result, carbonctl):
    """16 devices of two machines: 8 share each layer of a half of the model."""
    words = ("infer", "--model", "llama-3.1-405b", "--gpu", "h100-sxm:16", "--tokens", "500:300",
             "--requests", "10k/day", "--concurrency", "32", *PLACE)  # fmt: skip
    staged = result(*words, *sets("tensor_parallel=8", "pipeline_parallel=2", "shared=true"))
    shared = result(*words, *sets("tensor_parallel=16", "shared=true"))
    assert staged["metrics"]["infer.replica_accelerators"]["value"] == 16
    assert joules(staged) > joules(shared)  # stages read weights again for each part of a batch
    ran = carbonctl(*words, *sets("tensor_parallel=8", "pipeline_parallel=4", "shared=true"))
    assert ran.code == 3
    assert "4 stages of 8 take 32 devices; hardware.count is 16" in ran.err


def test_a_replica_of_stages_has_the_devices_of_all(result, carbonctl):
    words = ("infer", "--model", "llama-3.1-405b", "--gpu", "h100-sxm:16", "--tokens", "500:300",
             "--requests", "10k/day", "--concurrency", "32", *PLACE)  # fmt: skip
    staged = result(*words, *sets("tensor_parallel=8", "pipeline_parallel=2", "shared=true"))
    shared = result(*words, *sets("tensor_parallel=16", "shared=true"))
    assert joules(staged) > joules(shared)
    for more, said in (
        (("pipeline_parallel=4",), "4 stages of 8 take 32 devices; hardware.count is 16"),
        (("pipeline_parallel=2", "data_parallel=2"), "with data_parallel is not supported yet"),
    ):
        ran = carbonctl(*words, *sets("tensor_parallel=8", "shared=true", *more))
        assert ran.code == 3
        assert said in ran.err
