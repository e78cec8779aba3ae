"""How many: machines of a flag, accelerators of a file, and what a title says of them."""

import json

import pytest

TEN_DAYS = ("--params", "7B", "--days", "10", "--region", "aws:us-east-1", "--samples", "0")


@pytest.fixture
def data(carbonctl):
    def call(*words, stdin=""):
        ran = carbonctl(*words, "-f", "json", stdin=stdin)
        assert ran.code == 0, ran.err
        return json.loads(ran.out)

    return call


def energy(found):
    return found["metrics"]["facility_energy_kwh"]["value"]


@pytest.mark.parametrize(
    "flag",
    [
        ("--instance", "aws:p5.48xlarge:8"),
        ("--instance", "p5.48xlarge:8"),
        ("--server", "dgx-h100:8"),
    ],
)
def test_a_flag_counts_machines(flag, data):
    cards = data("train", "--gpu", "h100-sxm:64", *TEN_DAYS)
    machines = data("train", *flag, *TEN_DAYS)
    assert energy(machines) == pytest.approx(energy(cards))
    assert f"8 x {flag[1].removesuffix(':8')} in " in machines["title"]


@pytest.mark.parametrize(
    ("count", "words"), [(128, "16 x dgx-a100-640gb"), (12, "12 accelerators in dgx-a100-640gb")]
)
def test_a_file_counts_accelerators_and_the_title_says_what_they_fill(count, words, data):
    text = f"hardware: {{server: dgx-a100-640gb, count: {count}}}\nsite: {{region: NO}}\n"
    found = data("train", "-", "--samples", "0", stdin=text + "train: {days: 1 d}\n")
    assert words in found["title"]
    assert found["metrics"]["train.accelerator_hours"]["value"] == pytest.approx(24 * count)


def test_machines_without_accelerators_count_as_machines(data):
    found = data("embodied", "--server", "cpu-server-spr-2s:3", "--samples", "0")
    one = data("embodied", "--server", "cpu-server-spr-2s", "--samples", "0")
    assert found["total_kgco2e"] == pytest.approx(3 * one["total_kgco2e"])


@pytest.mark.parametrize(
    ("one", "several", "times"),
    [
        (("--gpu", "h100-sxm"), ("--gpu", "h100-sxm:8"), 8),
        (("--server", "dgx-h100"), ("--server", "dgx-h100:4"), 4),
        (("--instance", "aws:p5.48xlarge"), ("--instance", "aws:p5.48xlarge:2"), 2),
    ],
)
def test_embodied_takes_the_count_of_its_flag(one, several, times, data):
    single, found = (data("embodied", *words, "--samples", "0") for words in (one, several))
    assert found["total_kgco2e"] == pytest.approx(times * single["total_kgco2e"])
    assert found["title"] == f"{times} x {single['title']}"
    gaps = [[c["gap"] for c in d["breakdown"][0]["comparators"]] for d in (single, found)]
    assert gaps[1] == pytest.approx(gaps[0])


def test_embodied_of_a_file_divides_accelerators_by_those_of_a_server(data):
    text = "hardware: {server: dgx-h100, count: 16}\n"
    two = data("embodied", "-", "--samples", "0", stdin=text)
    one = data("embodied", "--server", "dgx-h100", "--samples", "0")
    assert two["total_kgco2e"] == pytest.approx(2 * one["total_kgco2e"])


def test_two_counts_of_one_item_contradict_each_other(carbonctl):
    text = "hardware: {accelerator: h100-sxm, count: 8}\nembodied: {count: 2}\n"
    ran = carbonctl("embodied", "-", stdin=text)
    assert ran.code == 3
    assert "<stdin>:2:19: error[CC303]" in ran.err


@pytest.mark.parametrize(
    ("flag", "code"),
    [
        (("--gpu", "h100-sxm:-5"), "CC203"),
        (("--gpu", "h100-sxm:abc"), "CC204"),
        (("--server", "dgx-h100:-5"), "CC203"),
        (("--instance", "aws:p5.48xlarge:x"), "CC204"),
    ],
)
def test_a_bad_count_is_no_bad_name(flag, code, carbonctl):
    ran = carbonctl("train", *flag, *TEN_DAYS)
    assert ran.code == 3
    assert f"{flag[0]}: error[{code}]" in ran.err
    assert ran.err.count("error[") == 1


@pytest.mark.parametrize("samples", ["1", "99", "1000001"])
def test_samples_that_give_no_interval_or_never_end_are_refused(samples, carbonctl):
    ran = carbonctl("train", "--gpu", "h100-sxm:8", *TEN_DAYS[:-1], samples)
    assert (ran.code, ran.out) == (2, "")
    assert "100 to 1,000,000" in ran.err


def test_the_path_of_a_file_that_cannot_be_read_stands_once(carbonctl, tmp_path):
    assert carbonctl("train", tmp_path).err.count(str(tmp_path)) == 1


def test_a_horizon_that_is_another_than_the_period_contradicts_it(carbonctl, configs):
    words = ("infer", configs / "infer-sdxl.yaml", "--samples", "0", "--set")
    assert carbonctl(*words, "period=1 y").code == 0
    ran = carbonctl(*words, "period=2 y")
    assert ran.code == 3
    assert "error[CC303]: infer.horizon differs from period" in ran.err
