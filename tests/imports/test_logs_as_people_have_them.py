"""Logs of one GPU, dmon, old releases, many runs, broken rows, shared nodes, boards of dies."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta

import pytest
import yaml

DAY = 24 * 3600
CARBON = (
    "timestamp,project_name,run_id,duration,emissions,cpu_power,gpu_power,ram_power,cpu_energy,"
    "gpu_energy,ram_energy,energy_consumed,country_name,country_iso_code,os,cpu_model,gpu_count,"
    "gpu_model,tracking_mode,pue\n"
)
FRANCE, SWEDEN = "France,FRA", "Sweden,SWE"
A100 = "1,1 x NVIDIA A100-SXM4-80GB"


def carbon(place, project="p", run=None, gpu=0.005, country=FRANCE, device=A100, pue="1.0"):
    """One run of a minute, three minutes after the one before."""
    time = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=3 * place)
    parts = f"0.0007,{gpu},0.0002,{(gpu + 0.0009) * float(pue):.6f}"
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S")
    return (
        f"{stamp},{project},{run or f'run-{place}'},60,0,42,300,12,{parts},{country},Linux,"
        f"Invented CPU,{device},machine,{pue}\n"
    )


def smi_of_one(*rows, header="timestamp, power.draw [W], utilization.gpu [%]"):
    return header + "\n" + "".join(f"2026/03/01 {time}, {watts}, 10 %\n" for time, watts in rows)


@pytest.fixture
def metrics(carbonctl):
    """Metrics of a scenario text, by name."""

    def call(text, *words):
        ran = carbonctl("train", "-", "--samples", "0", "-f", "json", *words, stdin=text)
        assert ran.code == 0, ran.err
        return {name: one["value"] for name, one in json.loads(ran.out)["metrics"].items()}

    return call


# measured hours


def test_hours_of_a_power_log_carry_the_hardware_and_energy_the_electricity(
    imported, metrics, carbonctl
):
    def manufacturing(*words, stdin=""):
        ran = carbonctl("train", *words, "--samples", "0", "-f", "json", stdin=stdin)
        lines = {line["id"]: line["value"] for line in json.loads(ran.out)["breakdown"]}
        return round(lines["manufacturing"], 9)

    rows = "".join(
        f"2026/03/0{1 + half // 48} {half % 48 // 2:02}:{half % 2 * 30:02}:00.000, {index}, "
        "NVIDIA H100 80GB HBM3, 120.00 W\n"
        for half in range(49)
        for index in range(8)
    )
    text, made = imported("-", stdin="timestamp, index, name, power.draw [W]\n" + rows)
    assert made["train"]["energy"]["accelerator_hours"] == 8 * 24
    found = metrics(text, "--region", "FR")
    assert found["train.accelerator_hours"] == 8 * 24
    words = ("--gpu", "h100-sxm:8", "--days", "1", "--region", "FR")
    assert manufacturing("-", "--region", "FR", stdin=text) == manufacturing(*words)


@pytest.mark.parametrize(
    ("name", "hours"),
    [("emissions-pue.csv", 16), ("dcgm.prom", 1 / 120), ("sacct-energy.txt", 8),
     ("dmon-timed.txt", 0.01)],
)  # fmt: skip
def test_every_reader_writes_the_hours_beside_its_energy(name, hours, imported, data):
    made = imported(data / name)[1]["train"]
    run = made["runs"][0] if "runs" in made else made
    assert run["energy"]["accelerator_hours"] == pytest.approx(hours)


# boards that software sees as several devices


@pytest.mark.parametrize("device", ["mi250x", "mi250", "MI250X"])
def test_dies_that_slurm_counts_are_modules(device, imported):
    log = f"JobID|ElapsedRaw|AllocTRES\n1|{DAY}|gres/gpu:{device}=8,gres/gpu=8\n"
    text, made = imported("-", stdin=log)
    assert made["train"]["accelerator_hours"]["value"] == 96
    assert made["hardware"]["count"] == 4
    assert "8 devices are 4 modules" in text


def test_dies_of_codecarbon_and_gpus_of_a_board_are_modules_too(imported):
    log = CARBON + carbon(0, device="8,8 x AMD Instinct MI250X", gpu=0.03)
    energy = imported("-", stdin=log)[1]["train"]["energy"]
    assert energy["accelerator_hours"] == pytest.approx(4 / 60)
    log = "timestamp, index, name, power.draw [W]\n" + "".join(
        f"2026/03/01 10:00:{second:02}.000, {index}, NVIDIA A16, 40 W\n"
        for second in (0, 36)
        for index in range(4)
    )
    made = imported("-", stdin=log)[1]
    assert made["hardware"]["count"] == 1
    assert made["train"]["energy"]["accelerator_hours"] == pytest.approx(0.01)


# shared nodes

JOBS = "JobName|JobID|Start|ElapsedRaw|NodeList|AllocTRES|ConsumedEnergyRaw\n"
HALF = "gres/gpu:h200=4,gres/gpu=4"


def job(number, start, nodes, joules="9000000", tres=HALF):
    return f"j{number}|{number}|2026-03-01T{start}:00|3600|{nodes}|{tres}|{joules}\n"


def test_energy_of_a_node_that_two_jobs_share_is_not_counted_twice(imported):
    log = JOBS + job(1, "10:00", "n[01-02]") + job(2, "10:30", "n02") + job(3, "12:00", "n02")
    text, made = imported("-", stdin=log)
    first, second, third = made["train"]["runs"]
    assert [first["accelerator_hours"]["value"], second["accelerator_hours"]["value"]] == [4, 4]
    assert third["energy"]["value"] == "2.5 kWh"
    assert "1, 2 share a node" in text


def test_a_job_without_gpus_on_a_shared_node_is_refused(refused):
    log = JOBS + job(1, "10:00", "n1") + job(2, "10:30", "n1", tres="cpu=8")
    assert refused(log)[:3] == ("CC505", "log1", 3)


def test_energies_with_units_are_read_and_zero_counts_by_hours(imported):
    log = JOBS.replace("Raw\n", "\n") + job(1, "10:00", "a", "3.60M") + job(2, "12:00", "a", "0")
    first, second = imported("-", stdin=log)[1]["train"]["runs"]
    assert first["energy"]["value"] == "1 kWh"
    assert second["accelerator_hours"]["value"] == 4


# forms of nvidia-smi


def test_a_log_of_one_gpu_needs_no_index(imported, metrics):
    rows = [(f"10:00:{second:02}.000", "110 W") for second in range(0, 60, 6)]
    text, made = imported("-", stdin=smi_of_one(*rows))
    assert made["train"]["energy"]["value"] == f"{110 * 54 / 3.6e6:.12g} kWh"
    assert "one row per time counts as one device" in text
    assert metrics(text, "--region", "FR", "--gpu", "a100-sxm4-80gb")["train.accelerator_hours"]


@pytest.mark.parametrize("apart", ["000", "004"])
def test_rows_of_several_gpus_without_index_are_refused(apart, refused):
    rows = [(f"10:00:0{second}.{part}", "99 W") for second in range(6) for part in ("000", apart)]
    assert refused(smi_of_one(*rows))[0] == "CC502"


DMON = {
    "dates": (
        "#Date       Time        gpu    pwr  gtemp\n#YYYYMMDD   HH:MM:SS    Idx      W      C\n"
        " 20260301   23:59:59      0     60     35\n 20260302   00:00:35      0     60     35\n"
    ),
    "times": (
        "#Time        gpu    pwr\n#HH:MM:SS    Idx      W\n 23:59:59      0     60\n"
        "#Time        gpu    pwr\n 00:00:35      0     60\n"
    ),
    "order": (
        "#Time        gpu   sm   pwr\n#HH:MM:SS    Idx   %   W\n 10:00:00      0   -   60\n"
        " 10:00:20      0   -   -\n 10:00:36      0   -   60\n"
    ),
}


@pytest.mark.parametrize("form", DMON)
def test_dmon_is_integrated(form, imported):
    text, made = imported("-", stdin=DMON[form])
    assert made["train"]["energy"]["value"] == "0.0006 kWh"
    assert made["train"]["energy"]["accelerator_hours"] == pytest.approx(0.01)
    assert ("excluded:" in text) == (form == "order")


@pytest.mark.parametrize("comma", [False, True])
def test_dmon_without_times_is_a_power(comma, imported):
    log = "# gpu    pwr\n# Idx      W\n    0     61\n    1     71\n    0     63\n    1     73\n"
    if comma:
        log = "#gpu, pwr\n#Idx, W\n0, 61\n1, 71\n0, 63\n1, 73\n"
    assert imported("-", stdin=log)[1]["train"]["power"]["value"] == "67 W"


def test_dmon_without_power_says_which_command_to_use(refused):
    code, *_, err = refused("# gpu   sm\n# Idx    %\n    0   61\n")
    assert code == "CC502"
    assert "nvidia-smi dmon -s p -o DT" in err


# broken rows


def test_a_broken_row_is_said_and_left_out_of_every_kind_of_log(imported, data):
    broken = {
        "emissions.csv": "2026-03-01T11:30:00,invented,11111111\n",
        "smi-node1.csv": "Unable to determine the device handle for GPU 0000:0B:00.0\n",
        "sacct.txt": "104|pretrain|COMPLETED|2026\n",
        "dmon-timed.txt": "2026-03-01T10:00:30 GPU 0     N/A\n",
        "dcgm.prom": 'DCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="GPU-invented-0"} NaN 1772359210000\n',
    }
    for name, row in broken.items():
        whole = (data / name).read_text()
        changed, made = imported("-", stdin=whole + row)
        plain = imported("-", stdin=whole)[1]
        assert made == plain, name
        assert "excluded: 1 broken row" in changed, name
        assert f"line {whole.count(chr(10)) + 1}: " in changed, name


def test_what_is_left_out_is_said_on_stderr_where_the_file_goes_elsewhere(carbonctl, tmp_path):
    log = CARBON + carbon(0) + "," * CARBON.count(",") + "\n" + carbon(1)
    (tmp_path / "e.csv").write_text(log)
    made = tmp_path / "x.yaml"
    ran = carbonctl("init", "train", "--from", tmp_path / "e.csv", "-o", made)
    assert (ran.code, ran.out) == (0, "")
    assert "note: excluded: 1 broken row" in ran.err
    assert "line 3: " in ran.err


def test_a_device_without_any_power_is_refused(carbonctl):
    log = "timestamp, index, power.draw [W]\n" + "".join(
        f"2026/03/01 10:00:0{second}, {index}, {watts}\n"
        for second in range(3)
        for index, watts in ((0, "300 W"), (1, "[Not Supported]"))
    )
    ran = carbonctl("init", "train", "--from", "-", stdin=log)
    assert (ran.code, ran.out) == (3, "")
    assert "no row of GPU 1 has a power, so its energy is unknown" in ran.err


# CodeCarbon


def test_gpus_whose_energy_is_zero_are_named_and_refused(refused, imported):
    eight = "8,8 x NVIDIA A100-SXM4-80GB"
    code, _, line, _, err = refused(CARBON + carbon(0, gpu=0.0, device=eight))
    assert (code, line) == ("CC502", 2)
    assert "8 x NVIDIA A100-SXM4-80GB: gpu_energy is 0" in err
    text = imported("-", stdin=CARBON + carbon(0, gpu=0.0) + carbon(1))[0]
    assert "gpu_energy is 0" in text


def test_gpus_that_draw_less_than_idle_are_said_where_the_host_hides_it(imported):
    row = carbon(0, gpu=0.0009).replace(",0.0007,", ",0.0100,").replace("0.001800", "0.011100")
    eight = row.replace(A100, "8,8 x NVIDIA A100-SXM4-80GB")
    text = imported("-", stdin=CARBON + eight)[0]
    assert "GPUs alone: 6.75 W per accelerator on average is below" in text


def test_runs_are_grouped_by_project_and_the_rest_is_folded(imported, carbonctl):
    log = CARBON + "".join(carbon(n, project=f"tune_{'abc'[n % 3]}") for n in range(30))
    text, made = imported("-", stdin=log)
    runs = made["train"]["runs"]
    assert [run["name"] for run in runs] == ["tune_a", "tune_b", "tune_c"]
    assert [run["energy"]["value"] for run in runs] == ["0.059 kWh"] * 3
    assert "10 runs" in text
    log = CARBON + "".join(carbon(n, project=f"p{n % 40}") for n in range(500))
    text, made = imported("-", stdin=log)
    runs = made["train"]["runs"]
    assert len(runs) <= 24
    total = sum(float(run["energy"]["value"].split()[0]) for run in runs)
    assert total == pytest.approx(500 * 0.0059)
    ran = carbonctl("train", "-", "--region", "FR", "--samples", "0", stdin=text)
    assert len(ran.out.splitlines()) <= 24
    assert "more runs; -v" in ran.out
    assert "…" not in ran.out


def test_countries_are_sites_of_their_own(imported, carbonctl):
    log = CARBON + carbon(0, "a") + carbon(1, "b", country=SWEDEN) + carbon(2, "a", country=SWEDEN)
    text, made = imported("-", stdin=log)
    assert "site" not in made
    places = [run["site"]["region"][:2] for run in made["train"]["runs"]]
    assert places in (["FR", "SW", "SW"], ["FR", "SE", "SE"])
    assert len({run["name"] for run in made["train"]["runs"]}) == 3
    assert carbonctl("train", "-", "--samples", "0", stdin=text).code == 0


def test_the_first_releases_named_no_runs(imported):
    log = (
        "timestamp,project_name,duration,emissions,energy_consumed,country_name,country_iso_code\n"
        "2021-03-01T10:00:10,a,10,0,0.5,France,FRA\n"
        "2021-03-01T10:00:20,a,20,0,1.0,France,FRA\n"
        "2021-03-01T11:00:20,b,20,0,1.0,France,FRA\n"
    )
    text, made = imported("-", stdin=log)
    assert [run["energy"]["value"] for run in made["train"]["runs"]] == ["1 kWh", "1 kWh"]
    assert "has no run ids" in text


def test_columns_may_stand_in_any_order(imported, data):
    for name, separator in (("emissions.csv", ","), ("sacct.txt", "|"), ("smi-node1.csv", ",")):
        text = (data / name).read_text().replace('"ile-de-france, south"', "idf")
        rows = [line.split(separator)[::-1] for line in text.splitlines()]
        turned = "\n".join(separator.join(row) for row in rows)
        assert imported("-", stdin=turned)[1] == imported("-", stdin=text)[1]


def test_energy_that_is_mostly_a_constant_is_said(imported):
    text = imported("-", stdin=CARBON + carbon(0, gpu=0.0001))[0]
    assert "90% of this energy is memory and CPU of the host at constant power (54 W)" in text
    assert "constant" not in imported("-", stdin=CARBON + carbon(0))[0]


def test_energy_that_devices_cannot_draw_is_refused_until_a_note_says_why(imported, carbonctl):
    log = CARBON + carbon(0, gpu=0.5)
    text, made = imported("-", stdin=log)
    assert "note" not in made["train"]["energy"]
    ran = carbonctl("train", "-", "--region", "FR", "--samples", "0", stdin=text)
    assert ran.code == 3
    assert "error[CC307]" in ran.err
    words = ("--set", "train.energy.note=checked", "--region", "FR", "--samples", "0")
    ran = carbonctl("train", "-", *words, stdin=text)
    assert ran.code == 0
    assert "warning[CC307]" in ran.err


def test_changed_logs_are_read_or_refused_and_never_crash(carbonctl, data):
    random.seed(7)
    texts = [(data / name).read_text() for name in ("emissions.csv", "smi-node1.csv", "sacct.txt")]
    texts += [*DMON.values(), JOBS + job(1, "10:00", "n[01-02,7"), CARBON + carbon(0) + carbon(1)]
    for place in range(160):
        text = list(texts[place % len(texts)])
        for _ in range(random.randint(1, 6)):
            at = random.randrange(len(text))
            text[at] = random.choice(["", ",", "|", "\n", "-", "9", "x", '"', "[", "N/A", "é"])
        ran = carbonctl("init", "train", "--from", "-", stdin="".join(text))
        assert ran.code in {0, 3}, ran.err
        if ran.code == 0:
            assert yaml.safe_load(ran.out)["schema"].startswith("carbonctl/scenario/v")
            again = carbonctl("validate", "-", stdin=ran.out)
            assert "CC1" not in again.err.replace("CC102", "")
