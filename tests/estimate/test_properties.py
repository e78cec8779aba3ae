"""What must hold for every estimate, whatever the numbers."""

import math
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pytest import approx  # noqa: PT013 - arithmetic reads better without a prefix
from tables import for_each

from carbonctl.app.plan_hardware import plan_item, plan_refresh
from carbonctl.app.plan_scenario import plan_scenario
from carbonctl.catalog.read import Catalog
from carbonctl.core.fact import Fact
from carbonctl.core.formula import CARDS, Step, Traced
from carbonctl.core.naming import unit_of
from carbonctl.core.units import UnitError, factor
from carbonctl.estimate.embodied.hardware import embodied
from carbonctl.estimate.inputs import bind, collect_facts
from carbonctl.estimate.lifecycle import lifecycle
from carbonctl.estimate.refresh import refresh
from carbonctl.estimate.training.train_boundary import device_power_w
from carbonctl.formulas import load_all
from carbonctl.scenario.read.read_scenario import Setting, read_scenario
from carbonctl.study.montecarlo import Draws, central_value, evaluate, interval, traced_value

load_all()
CONFIGS = Path(__file__).parents[2] / "configs"
ITEMS = (
    "embodied-8xh100", "embodied-act-fairphone-3", "embodied-act-r740", "embodied-dell-r740",
)  # fmt: skip
CHOICES = tuple(sorted(p.stem for p in CONFIGS.glob("refresh-*.yaml")))
LIVES = sorted(p.stem for p in CONFIGS.glob("*.yaml") if p.stem not in (*ITEMS, *CHOICES))
STORY = "lifecycle-chat-7b"
SERVED = {STORY, "infer-chat-70b"}
HOURS_KEYS = tuple(f"train.runs.{place}.accelerator_hours" for place in range(3))
quick = settings(max_examples=20, deadline=None, derandomize=True)
scale = st.floats(0.01, 100.0)
each_life = for_each("name", LIVES, ids=str)


@cache
def inputs(name):
    """Facts of a bundled scenario; a service is charged by need, so that load moves all of it."""
    shared = (Setting("infer.shared", value=True, flag="--shared"),) if name in SERVED else ()
    scenario, document = read_scenario(str(CONFIGS / f"{name}.yaml"), shared, Catalog.open())
    if name in ITEMS:
        return plan_item(scenario, document, Catalog.open()).inputs
    if name in CHOICES:
        return plan_refresh(scenario, document, Catalog.open()).inputs
    return plan_scenario(scenario, document, Catalog.open()).inputs


def estimate(name, changes=None):
    """An estimate at its central values, some of them changed by their keys."""
    changes = changes or {}
    known = collect_facts(inputs(name))
    assert set(changes) <= set(known)
    return run(name)(bind(inputs(name), lambda fact: changes.get(fact.key, fact.value)))


def run(name):
    if name in CHOICES:
        return refresh
    return embodied if name in ITEMS else lifecycle


def total(name, key, values):
    """Totals along values of one fact."""
    return [float(estimate(name, {key: value}).total_kgco2e) for value in values]


def key_of(name, ending):
    (found,) = [key for key in collect_facts(inputs(name)) if key.endswith(ending)]
    return found


def lines(found):
    for line in found:
        yield line
        yield from lines(line.children)


def steps(value):
    """Every step behind a number, once."""
    todo, seen = [value], {}
    while todo:
        item = todo.pop()
        if isinstance(item, tuple):
            todo += item
            continue
        cause = getattr(item, "cause", None)
        if isinstance(cause, Step) and id(cause) not in seen:
            seen[id(cause)] = cause
            todo += cause.arguments.values()
    return list(seen.values())


# linear


@quick
@given(factor_=scale)
def test_training_is_linear_in_accelerator_hours(factor_):
    base = estimate("train-llama-3.1")
    hours = collect_facts(inputs("train-llama-3.1"))
    more = estimate("train-llama-3.1", {k: hours[k].value * factor_ for k in HOURS_KEYS})
    assert more.total_kgco2e == approx(base.total_kgco2e * factor_)
    for name, value in base.metrics.items():
        if name.endswith(("_kgco2e", "_kwh", "_hours", "_l")):
            assert more.metrics[name] == approx(value * factor_), name


@quick
@given(machines=st.floats(1.0, 1e5))
def test_hardware_is_linear_in_machines(machines):
    for name in ITEMS:
        one = bind(inputs(name), central_value)
        base, many = embodied(one), embodied(replace(one, machines=machines))
        assert many.total_kgco2e == approx(base.total_kgco2e * machines)
        for first, second in zip(lines(base.lines), lines(many.lines), strict=True):
            assert second.kgco2e == approx(first.kgco2e * machines)


@quick
@given(factor_=st.floats(0.01, 100.0))
def test_serving_is_linear_in_requests(factor_):
    base = estimate("infer-chat-70b")
    rate = collect_facts(inputs("infer-chat-70b"))["infer.requests"].value
    more = estimate("infer-chat-70b", {"infer.requests": rate * factor_})
    assert more.total_kgco2e == approx(base.total_kgco2e * factor_)
    each = "infer.per_request_kgco2e"
    assert more.metrics[each] == approx(base.metrics[each])


# monotone

pair = st.tuples(st.floats(0.1, 0.99), st.floats(0.1, 0.99)).map(sorted)
RISING = {
    "site.pue": lambda x: 1 + x,
    "regions/aws:eu-west-1:pue": lambda x: 1 + x,
    "grid/US-MIDA-PJM:lifecycle": lambda x: x,
    "grid/IE:lifecycle": lambda x: x,
    "train.tokens": lambda x: x * 1e13,
    "infer.prompt_tokens": lambda x: x * 4_000,
    "infer.output_tokens": lambda x: x * 2_000,
    "infer.requests": lambda x: x * 1e5,
    "experiments.share_of_training": lambda x: x,
    "data.stored": lambda x: x * 1e6,
    "default:host_power_factor": lambda x: 1 + x,
}
FALLING = {
    "train.billed_mfu": lambda x: x,
    "embodied.lifetime": lambda x: x * 60_000,
    "default:allocation_rate": lambda x: x,
    "default:drive_lifetime": lambda x: x * 60_000,
    "default:busy_share": lambda x: x,
    "default:cache_hit_share": lambda x: x,
}


@pytest.mark.parametrize("key", RISING)
@quick
@given(ends=pair)
def test_carbon_rises_with(key, ends):
    assume(ends[0] * 1.001 < ends[1])
    low, high = total(STORY, key, map(RISING[key], ends))
    assert low < high


@pytest.mark.parametrize("key", FALLING)
@quick
@given(ends=pair)
def test_carbon_falls_with(key, ends):
    assume(ends[0] * 1.001 < ends[1])
    high, low = total(STORY, key, map(FALLING[key], ends))
    assert low < high


# arrays


@each_life
def test_an_array_of_draws_is_a_loop_over_them(name):
    draws = Draws(7, 3)
    for basis in ("location", "market"):
        if basis == "market" and any(p.site.contracted_share is None for p in inputs(name).phases):
            continue
        whole = lifecycle(bind(inputs(name), draws), basis)
        for place in range(7):
            one = lifecycle(bind(inputs(name), lambda f, i=place: pick(draws(f), i)), basis)
            assert one.total_kgco2e == approx(pick(whole.total_kgco2e, place), rel=1e-12)
            for metric, value in one.metrics.items():
                assert value == approx(pick(whole.metrics[metric], place), rel=1e-12), metric


@pytest.mark.parametrize("name", ITEMS)
def test_an_array_of_machines_is_a_loop_over_them(name):
    draws = Draws(7, 3)
    whole = embodied(bind(inputs(name), draws))
    for place in range(7):
        one = embodied(bind(inputs(name), lambda f, i=place: pick(draws(f), i)))
        assert one.total_kgco2e == approx(pick(whole.total_kgco2e, place), rel=1e-12)


def pick(value, place):
    array = np.asarray(value)
    return float(array if array.ndim == 0 else array[place])


def test_rows_and_draws_broadcast_beside_each_other():
    draws = Draws(5, 1)
    rows = np.array([[0.1], [0.2], [0.4]])
    grid = "grid/US-MIDA-PJM:lifecycle"
    whole = lifecycle(bind(inputs(STORY), lambda f: rows if f.key == grid else draws(f)))
    assert np.shape(whole.total_kgco2e) == (3, 5)
    for place, ci in enumerate((0.1, 0.2, 0.4)):
        row = lifecycle(bind(inputs(STORY), lambda f, c=ci: c if f.key == grid else draws(f)))
        assert np.asarray(whole.total_kgco2e)[place] == approx(row.total_kgco2e, rel=1e-12)


# conservation


@for_each("name", [*LIVES, *ITEMS])
@for_each("lens", [central_value, Draws(9, 5)], ids=["central", "drawn"])
def test_children_sum_to_their_line_and_lines_to_the_total(name, lens):
    result = run(name)(bind(inputs(name), lens))
    assert sum(line.kgco2e for line in result.lines) == approx(result.total_kgco2e, rel=1e-12)
    assert result.metrics["total_kgco2e"] is result.total_kgco2e
    parents = [line for line in lines(result.lines) if line.children]
    for line in parents:
        assert sum(c.kgco2e for c in line.children) == approx(line.kgco2e, rel=1e-12), line.id
    assert parents


@each_life
def test_phases_sum_to_the_total_without_their_credit(name):
    result = estimate(name)
    stages = ("operational_location", "construction", "manufacturing", "transport", "end_of_life")
    found = [getattr(p, f"{stage}_kgco2e") for p in result.phases for stage in stages]
    found.append(result.metrics.get("base_share_kgco2e"))
    assert sum(v for v in found if v is not None) == approx(result.total_kgco2e, rel=1e-12)


@each_life
def test_line_ids_are_unique(name):
    found = [line.id for line in lines(estimate(name).lines)]
    assert len(found) == len(set(found))


@each_life
def test_energy_climbs_the_ladder_of_boundaries_by_pue_alone(name):
    bound = bind(inputs(name), central_value)
    for phase, result in zip(bound.phases, lifecycle(bound).phases, strict=True):
        use = result.use
        assert use.facility_energy_kwh == approx(use.it_energy_kwh * phase.site.pue)
        if use.device_energy_kwh is not None:
            assert use.device_energy_kwh <= use.it_energy_kwh * (1 + 1e-12)


@quick
@given(hours=st.floats(1.0, 1e8), pue=st.floats(1.0, 2.0), host=st.floats(1.0, 2.0))
def test_power_times_time_times_pue_gives_back_the_energy(hours, pue, host):
    tokens = collect_facts(inputs(STORY))["train.tokens"].value
    hours_0 = estimate(STORY).metrics["train.accelerator_hours"]
    changes = {
        "train.tokens": tokens * hours / hours_0,
        "site.pue": pue,
        "default:host_power_factor": host,
    }
    phases = bind(inputs(STORY), central_value).phases
    (work,) = (phase.work for phase in phases if phase.id == "train")
    watts = device_power_w(work.power)
    metrics = estimate(STORY, changes).metrics
    assert metrics["train.accelerator_hours"] == approx(hours)
    assert metrics["train.facility_energy_kwh"] == approx(watts / 1e3 * hours * host * pue)


def test_a_power_at_the_meter_has_its_pue_taken_out_once():
    result = estimate("train-llama-3.1", {"datacenters/hyperscale:pue": 1.25})
    (first, *_) = result.phases
    assert first.use.facility_energy_kwh == approx(1.46e6 * 0.7)
    assert first.use.it_energy_kwh == approx(1.46e6 * 0.7 / 1.25)


@each_life
def test_nothing_is_negative_but_the_credit(name):
    result = estimate(name)
    for metric, value in result.metrics.items():
        assert math.isfinite(value), metric
        if "recovery_credit" in metric:
            assert value <= 0
        else:
            assert value >= 0, metric


# monte carlo


@for_each("name", [*LIVES, *ITEMS, *CHOICES])
def test_draws_without_ranges_equal_the_point(name):
    exact = bind(inputs(name), lambda fact: replace(fact, low=None, high=None))
    result = evaluate(exact, run(name), samples=50, seed=1)
    assert np.unique(result.drawn.total_kgco2e) == approx([float(result.point.total_kgco2e)])
    assert result.drivers == []


@for_each("name", [*LIVES, *ITEMS])
def test_percentiles_are_ordered_and_hold_the_point(name):
    result = evaluate(inputs(name), run(name), samples=500, seed=1)
    low, middle, high = interval(result.drawn.total_kgco2e)
    assert low < middle < high
    assert low < float(result.point.total_kgco2e) < high
    for metric, value in result.drawn.metrics.items():
        ends = interval(value)
        assert list(ends) == sorted(ends), metric


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others():
    first, again, other = (
        evaluate(inputs(STORY), lifecycle, samples=100, seed=seed).drawn.total_kgco2e
        for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.any(first == other)


def test_a_fact_used_twice_is_drawn_once():
    drawn = bind(inputs("train-llama-2"), Draws(50, 1))
    first, second = drawn.phases[0].site, drawn.phases[3].site
    assert np.ndim(first.pue) == 1
    assert np.array_equal(first.pue, second.pue)
    hardware = [phase.hardware for phase in drawn.phases]
    for other in hardware[1:]:
        assert np.array_equal(hardware[0].lifetime_hours, other.lifetime_hours)


def test_two_facts_of_one_range_are_drawn_apart():
    draws = Draws(2_000, 1)
    fact = Fact("a", 10.0, "W", "s", "default", 5.0, 20.0)
    first, second = draws(fact), draws(replace(fact, key="b"))
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.1


def test_drivers_are_ranked_shares_of_the_variance():
    result = evaluate(inputs(STORY), lifecycle, samples=1_000, seed=1)
    shares = [driver.share for driver in result.drivers]
    assert shares == sorted(shares, reverse=True)
    assert min(shares) >= 0
    assert sum(shares) <= 1 + 1e-9
    assert not any(driver.fact.is_exact for driver in result.drivers)


# the naming law, on live traces


def same(unit, wanted):
    try:
        return factor(unit, wanted) == approx(1.0)
    except UnitError:
        return False


def roots(result):
    yield result.total_kgco2e
    yield from result.metrics.values()
    yield from (line.kgco2e for line in lines(result.lines))


QUANTITIES = {card.quantity for card in CARDS.values()}


@for_each("name", [*LIVES, *ITEMS, *CHOICES])
def test_every_argument_of_every_step_is_traced(name):
    result = run(name)(bind(inputs(name), traced_value))
    found = steps(tuple(roots(result)))
    assert len(found) > 5
    for step in found:
        for parameter, value in step.arguments.items():
            for item in value if isinstance(value, tuple) else (value,):
                assert isinstance(item, Traced), f"{step.id} takes a bare {parameter}"


@for_each("name", [*LIVES, *ITEMS, *CHOICES])
def test_an_argument_named_for_a_quantity_is_a_step_of_it_or_a_fact(name):
    result = run(name)(bind(inputs(name), traced_value))
    for step in steps(tuple(roots(result))):
        for parameter, value in step.arguments.items():
            if parameter in QUANTITIES and isinstance(value.cause, Step):
                assert value.cause.card.quantity == parameter, f"{step.id} takes {value.cause.id}"


@for_each("name", [*LIVES, *ITEMS, *CHOICES])
def test_an_argument_has_the_unit_in_its_parameters_name(name):
    result = run(name)(bind(inputs(name), traced_value))
    for step in steps(tuple(roots(result))):
        for parameter, value in step.arguments.items():
            for item in value if isinstance(value, tuple) else (value,):
                cause = item.cause
                unit = cause.card.unit if isinstance(cause, Step) else cause.unit
                assert same(unit, unit_of(parameter)), f"{step.id}: {parameter} is in {unit}"


@for_each("name", [*LIVES, *ITEMS, *CHOICES])
def test_the_traced_estimate_is_the_plain_one(name):
    plain = run(name)(bind(inputs(name), central_value))
    remembered = run(name)(bind(inputs(name), traced_value))
    assert {k: float(v) for k, v in remembered.metrics.items()} == plain.metrics
    assert isinstance(remembered.total_kgco2e, Traced)
