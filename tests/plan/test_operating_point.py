"""The choice of batch and devices: limits, arrays, and no saw-tooth in load or size."""

from dataclasses import replace

import numpy as np
import pytest
from scenarios import CONFIGS

from carbonctl.app.plan_scenario import plan_scenario
from carbonctl.catalog.read import Catalog
from carbonctl.estimate.inputs import bind
from carbonctl.estimate.lifecycle import lifecycle
from carbonctl.estimate.serving.infer import infer
from carbonctl.estimate.serving.replica import DecoderReplica, at_operating_point
from carbonctl.estimate.serving.request import include_reasoning_and_media
from carbonctl.plan import operating_point as plan
from carbonctl.plan.operating_point import ServingStatus
from carbonctl.scenario.read.read_scenario import Setting, read_scenario

CATALOG = Catalog.open()
LOADS = np.geomspace(0.05, 3e5, 100)[:, None]  # tokens a second
# The share of a step in which devices wait is bounded so that power does not fall as a batch rises:
# exactly for dense models, nearly where experts are padded to tiles and evened out by chance.
DENSE = {"llama-3.1-70b", "llama-3.1-8b", "falcon-7b", "qwen2.5-7b"}
MOST_FALL = 0.055  # of a power; of energy with load it is a fifth of that


def central(fact):
    return fact.value


def inputs_of(model, gpu, **settings):
    """A resolved language service at its central values."""
    flat = {
        "model": model,
        "infer.hardware": gpu,
        "site.region": "FR",
        "infer.requests": "1k/day",
        "infer.prompt_tokens": 500,
        "infer.output_tokens": 300,
        "period": "1 y",
    } | {f"infer.{key}": value for key, value in settings.items()}
    given = [Setting(path, value, "test") for path, value in flat.items()]
    scenario, document = read_scenario(None, given, CATALOG)
    return bind(plan_scenario(scenario, document, CATALOG, ("infer",)).inputs, central)


def service(model, gpu, **settings):
    """The work of a language service at its central values, and its site."""
    (phase,) = inputs_of(model, gpu, **settings).phases
    return phase.work, phase.site


def at_load(work, tokens_per_s):
    """The service with requests for this many output tokens in each busy second."""
    fleet = work.fleet
    rate = tokens_per_s * 3600.0 * fleet.busy_share / work.model.output_tokens
    return replace(work, fleet=replace(fleet, rate_per_hour=rate))


def point_of(work):
    model = include_reasoning_and_media(work.model)
    chosen = at_operating_point(model, work.fleet)
    return chosen.model.batch, chosen.model.replica_accelerators


NEEDED = [("llama-3.1-70b", "h100-sxm"), ("llama-3.1-8b", "l4"), ("falcon-7b", "t4"),
          ("mixtral-8x7b", "h100-sxm"), ("qwen3-30b-a3b", "nvidia-a100-sxm4-80gb"),
          ("deepseek-v3", "h200-sxm"),
          ("gpt-oss-120b", "mi300x"), ("qwen2.5-7b", "l40s")]  # fmt: skip


@pytest.mark.parametrize(("model", "gpu"), NEEDED)
@pytest.mark.parametrize("target", [{}, {"latency": {"itl": "200 ms"}}], ids=["usual", "itl"])
def test_a_request_takes_no_more_energy_as_load_rises(model, gpu, target):
    work, site = service(model, {"accelerator": gpu}, **target)
    loaded = at_load(work, LOADS)
    use = infer(loaded, site)
    for rung in (use.device_energy_kwh, use.facility_energy_kwh):
        each = np.ravel(rung / use.functional_units)
        assert (np.diff(each) <= 1e-9 * each[:-1]).all()
    hours = np.ravel(use.accelerator_hours)
    assert (np.diff(hours) >= -1e-8 * hours[:-1]).all()  # the search ends within 1e-9
    energy = np.ravel(use.it_energy_kwh)
    falls = (energy[:-1] - energy[1:]) / energy[:-1]
    assert falls.max() <= (1e-9 if model in DENSE else MOST_FALL / 4)


HELD = [("llama-3.1-70b", "h100-sxm", 8), ("llama-3.1-8b", "l40s", 2), ("falcon-7b", "t4", 4),
        ("mixtral-8x7b", "h100-sxm", 16), ("deepseek-v3", "h200-sxm", 16)]  # fmt: skip


@pytest.mark.parametrize(("model", "gpu", "count"), HELD)
def test_held_devices_take_no_less_energy_as_load_rises(model, gpu, count):
    work, site = service(model, {"accelerator": gpu, "count": count})
    use = infer(at_load(work, np.geomspace(0.05, 3e5, 1000)[:, None]), site)
    carried = np.ravel(use.served.busy_hours) <= count * work.fleet.period_hours
    energy = np.ravel(use.it_energy_kwh)[carried]
    assert carried.sum() > 20
    falls = (energy[:-1] - energy[1:]) / energy[:-1]
    assert falls.max() <= (1e-9 if model in DENSE else MOST_FALL / 4)
    each = energy / np.ravel(use.functional_units)[carried]
    assert (np.diff(each) <= 1e-9 * each[:-1]).all()
    hours = np.ravel(use.accelerator_hours)[carried]
    np.testing.assert_allclose(hours, count * work.fleet.period_hours)


@pytest.mark.parametrize(("model", "gpu"), NEEDED)
def test_power_of_a_busy_replica_does_not_fall_as_its_batch_rises(model, gpu):
    work, _ = service(model, {"accelerator": gpu})
    replica, batch = (
        DecoderReplica(include_reasoning_and_media(work.model)),
        np.geomspace(1.0, 4_000.0, 100),
    )
    devices = point_of(at_load(work, 1e9))[1]
    seconds = replica.inter_token_latency_s(batch, devices) / batch
    power = replica.token_energy_j(batch, devices) / seconds
    assert fall(power) <= (1e-9 if model in DENSE else MOST_FALL)


@pytest.mark.parametrize(("model", "gpu"), NEEDED)
@pytest.mark.parametrize("name", ["prompt_tokens", "output_tokens"])
def test_more_tokens_at_a_partial_load_take_about_as_much_at_least(model, gpu, name):
    """Longer requests are decoded in larger batches, or on other devices: little is saved."""
    life = inputs_of(model, {"accelerator": gpu})
    (phase,) = life.phases
    tokens, rates = np.geomspace(50.0, 5_000.0, 30)[:, None], np.geomspace(0.1, 1e5, 25)
    work = replace(
        phase.work,
        model=replace(phase.work.model, **{name: tokens}),
        fleet=replace(phase.work.fleet, rate_per_hour=rates),
    )
    found = lifecycle(replace(life, phases=(replace(phase, work=work),)))
    use = found.phases[0].use
    assert fall(use.it_energy_kwh) <= 0.05
    assert fall(found.total_kgco2e) <= 0.10  # on a clean grid


def fall(values):
    """The deepest fall below an earlier value, as a share of it."""
    before = np.maximum.accumulate(values, axis=0)
    return ((before - values) / before).max()


PERIODS = np.geomspace(1.0, 87_600.0, 50)[:, None]


@pytest.mark.parametrize(("model", "gpu"), NEEDED[:4])
@pytest.mark.parametrize("count", [{}, {"count": 16}], ids=["by need", "held"])
def test_a_longer_period_takes_more(model, gpu, count):
    life = inputs_of(model, {"accelerator": gpu, **count})
    (phase,) = life.phases
    work = replace(phase.work, fleet=replace(phase.work.fleet, period_hours=PERIODS))
    found = lifecycle(replace(life, phases=(replace(phase, work=work),)))
    for values in (found.total_kgco2e, found.phases[0].use.it_energy_kwh):
        assert (np.diff(values, axis=0) > 0.0).all()


@pytest.mark.parametrize("gpu", ["h100-sxm", "l4", "mi300x"])
def test_a_larger_model_takes_more_energy_at_full_load(gpu):
    """One form of model: only its parameters and what it is asked for differ."""
    work, site = service({"params": "8B"}, {"accelerator": gpu})
    sizes = np.geomspace(1e9, 5e11, 100)[:, None]
    model = replace(work.model, total_params=sizes, active_params=sizes)
    busy = replace(work, model=model)
    use = infer(at_load(busy, 1e9), site)
    energy = np.ravel(use.device_energy_kwh)
    assert (np.diff(energy) > 0.0).all()


@pytest.mark.parametrize("name", ["prompt_tokens", "output_tokens"])
@pytest.mark.parametrize("model", ["llama-3.1-70b", "deepseek-v3"])
def test_more_tokens_take_no_less_energy_at_a_full_load(name, model):
    work, site = service(model, {"accelerator": "h200-sxm"})
    tokens = np.geomspace(50.0, 5_000.0, 60)[:, None]
    longer = replace(work, model=replace(work.model, **{name: tokens}))
    requests = replace(longer.fleet, rate_per_hour=1e9)
    use = infer(replace(longer, fleet=requests), site)
    energy = np.ravel(use.device_energy_kwh)
    assert (np.diff(energy) >= -1e-9 * energy[:-1]).all()


@pytest.mark.parametrize("model", ["llama-3.1-70b", "mixtral-8x7b", "falcon-7b"])
@pytest.mark.parametrize("target", [{}, {"latency": {"itl": "100 ms"}}, {"concurrency": 24}],
                         ids=["usual", "itl", "stated"])  # fmt: skip
def test_an_array_of_loads_is_the_loop_over_them(model, target):
    work, _ = service(model, {"accelerator": "h100-sxm"}, **target)
    loads = np.geomspace(1.0, 1e5, 12)
    together = point_of(at_load(work, loads[:, None]))
    alone = np.array([point_of(at_load(work, load)) for load in loads])
    for made, each in zip(together, alone.T, strict=True):
        np.testing.assert_allclose(np.ravel(np.broadcast_to(made, (12, 1))), each, rtol=1e-12)


@pytest.mark.parametrize("size", [{}, {"replica_accelerators": 8.0}, {"accelerators": 16.0}],
                         ids=["any", "stated", "counted"])  # fmt: skip
@pytest.mark.parametrize("rows", [(4,), (4, 1)], ids=["draws", "rows"])
def test_memory_of_a_row_limits_that_row_alone(rows, size):
    work, _ = service("llama-3.1-70b", {"accelerator": "h100-sxm"})
    model = include_reasoning_and_media(work.model)
    limits = replace(model.limits, concurrency=None, is_full=True, most_sequences=1e4, **size)

    def point(share):
        replica = DecoderReplica(replace(model, memory_share=share))
        return plan.choose_operating_point(replica, limits, plan.Load(1.0), np.ndim(share))

    shares = np.array([0.5, 0.7, 0.9, 0.95])
    together = point(shares.reshape(rows)).batch
    assert together.shape == rows
    np.testing.assert_allclose(np.ravel(together), [point(share).batch for share in shares])


def test_counted_devices_carry_a_concurrency_of_each_row():
    work, _ = service("llama-3.1-70b", {"accelerator": "h100-sxm", "count": 6})
    stated = np.array([[8.0], [1_000.0], [1e6]])
    limits = {"is_stated": True, "is_exact": True}
    rows = chosen(work, concurrency=stated, axes=2, **limits)
    alone = [chosen(work, concurrency=value, **limits) for value in np.ravel(stated)]
    assert np.ravel(rows.devices).tolist() == [point.devices for point in alone]
    assert np.ravel(rows.status).tolist() == [point.status for point in alone]


def test_the_load_of_a_replica_is_what_it_carries():
    """Little's law: sequences in flight over the time of a token are the tokens that arrive."""
    work, _ = service("llama-3.1-70b", {"accelerator": "h100-sxm"})
    for load in (200.0, 800.0, 1_500.0):
        batch, devices = point_of(at_load(work, load))
        model = replace(include_reasoning_and_media(work.model))
        itl = DecoderReplica(model).inter_token_latency_s(batch, devices)
        assert 1 < batch < 64
        assert batch / itl == pytest.approx(load, rel=1e-9)


def test_a_size_is_the_one_of_least_energy_among_those_that_hold_the_model():
    work, _ = service("llama-3.1-70b", {"accelerator": "h100-sxm"})
    for load in (50.0, 2_000.0, 1e6):
        at = at_load(work, load)
        _, devices = point_of(at)
        energies = {}
        for size in (2.0, 4.0, 8.0, 16.0):
            limits = replace(at.model.limits, replica_accelerators=size)
            forced = replace(at.model, limits=limits)
            chosen = at_operating_point(include_reasoning_and_media(forced), at.fleet).model
            energies[size] = DecoderReplica(chosen).token_energy_j(chosen.batch, size)
        assert devices == min(energies, key=energies.get)


def chosen(work, axes=0, **limits):
    model = include_reasoning_and_media(work.model)
    bounds = replace(model.limits, **limits)
    load = plan.Load(1e9)
    return plan.choose_operating_point(DecoderReplica(model), bounds, load, axes)


def test_each_limit_stops_the_choice_with_its_own_status():
    work, _ = service("llama-3.1-70b", {"accelerator": "h100-sxm"})
    free = chosen(work)
    assert free.status == ServingStatus.FEASIBLE
    assert free.batch > 64
    assert chosen(work, accelerators=1.0).status == ServingStatus.NO_SEQUENCE_FITS
    assert chosen(work, replica_accelerators=1.0).status == ServingStatus.NO_SEQUENCE_FITS
    huge = {"concurrency": 1e5, "is_stated": True, "is_exact": True}
    assert chosen(work, **huge).status == ServingStatus.CONCURRENCY_DOES_NOT_FIT
    assert chosen(work, concurrency=None, itl_s=1e-3).status == ServingStatus.ITL_NOT_MET
    assert chosen(work, ttft_s=1e-4).status == ServingStatus.TTFT_NOT_MET


def test_of_a_range_of_concurrency_no_more_is_taken_than_memory_holds():
    work, _ = service("llama-3.1-70b", {"accelerator": "h100-sxm"})
    stated = {"concurrency": 1e5, "is_stated": True, "replica_accelerators": 4.0}
    inside = chosen(work, **stated, is_exact=False)
    assert inside.batch == inside.memory_sequences < 1e5
    assert chosen(work, **stated, is_exact=True).batch == 1e5


def test_a_latency_is_kept_and_used_to_the_full():
    work, _ = service("llama-3.1-70b", {"accelerator": "h100-sxm"})
    for target in (0.02, 0.05, 0.1):
        point = chosen(work, concurrency=None, itl_s=target, most_sequences=1e4)
        assert point.inter_token_latency_s == pytest.approx(target, rel=1e-6)


def test_heads_are_shared_alike_but_for_the_fewest_devices_that_hold_the_model():
    """Falcon-7B has 71 heads: no two devices share them, one T4 holds it."""
    work, _ = service("falcon-7b", {"accelerator": "t4"})
    assert chosen(work).devices == 1
    work, _ = service("bloom-176b", {"accelerator": "t4"})  # 112 heads, 352 GB of weights
    assert chosen(work).devices == 32


SHARED_HEADS = [
    ("qwen2.5-7b", "l4", {"itl_s": 0.02}, 4, 8),  # 28 heads
    ("gpt2-xl", "t4", {}, 1, 2),  # 25 heads
]


@pytest.mark.parametrize(("model", "gpu", "target", "alike", "cheapest"), SHARED_HEADS)
def test_a_size_that_does_not_divide_the_heads_is_passed_over(model, gpu, target, alike, cheapest):
    """Links join 8 devices: the size that is cheapest but for its heads is among them."""
    work, _ = service(model, {"accelerator": gpu})
    bounds = {"concurrency": None, **target} if target else {}
    assert work.model.links.linked_accelerators == 8
    assert chosen(work, **bounds).devices == alike
    assert chosen(work, **bounds, heads=None).devices == cheapest
    assert work.model.limits.heads % cheapest


def test_a_target_that_only_devices_of_uneven_heads_keep_is_not_kept():
    work, _ = service("falcon-7b", {"accelerator": "l4"})
    assert chosen(work, concurrency=None, itl_s=0.03).status == ServingStatus.ITL_NOT_MET
    assert chosen(work, concurrency=None, itl_s=0.03, heads=None).status == ServingStatus.FEASIBLE


def test_all_counted_devices_are_one_replica_where_no_power_of_two_holds_the_model():
    work, _ = service("llama-3.1-70b", {"accelerator": "nvidia-a100-sxm4-40gb", "count": 6})
    assert chosen(work).devices in {4.0, 6.0}
    work, _ = service({"params": "100B"}, {"accelerator": "nvidia-a100-sxm4-40gb", "count": 6})
    assert chosen(work).devices == 6


def test_beyond_its_links_a_replica_is_no_larger_than_the_model_asks_for():
    """405B in 16 bits takes two machines of H100, and no latency is bought with more of them."""
    work, _ = service("llama-3.1-405b", {"accelerator": "h100-sxm"})
    assert chosen(work).devices == 16
    small, _ = service("llama-3.1-8b", {"accelerator": "h100-sxm"})
    assert chosen(small, concurrency=None, itl_s=1e-3).status == ServingStatus.ITL_NOT_MET


def test_draws_choose_for_themselves(result):
    path = str(CONFIGS / "infer-gemini-boundary.yaml")
    data = result("infer", path, "--samples", "300")
    ends = data["metrics"]["infer.sequences_in_flight"]
    assert ends["p05"] < ends["value"] < ends["p95"]
    sizes = data["metrics"]["infer.replica_accelerators"]
    assert sizes["p05"] < sizes["p95"]
