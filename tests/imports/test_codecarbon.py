"""CodeCarbon's emissions.csv: cumulative rows, PUE, ranks of one node."""

from __future__ import annotations

from tables import for_each

HEADER = (
    "timestamp,run_id,duration,energy_consumed,os,cpu_model,gpu_count,gpu_model,tracking_mode,pue\n"
)
MACHINE = "Linux,Invented CPU,8,8 x NVIDIA H100 80GB HBM3,machine,1.0\n"


def row(time, run, seconds, energy, machine=MACHINE):
    return f"2026-03-01T{time},{run},{seconds},{energy},{machine}"


def test_the_last_row_of_a_run_counts_and_runs_stay_apart(imported, data):
    text, made = imported(data / "emissions.csv")
    first, second = made["train"]["runs"]
    # run 1 wrote 5.05 and then 10.1 kWh: 10.1 in all, never 15.15
    assert first["energy"]["value"] == "10.1 kWh"
    assert second["energy"]["value"] == "4.95 kWh"
    assert first["name"] == "11111111-aaaa"
    assert {run["energy"]["scope"] for run in made["train"]["runs"]} == {"node"}
    assert first["energy"]["note"] == "from emissions.csv, last row of run 11111111-aaaa (2 rows)"
    assert made["hardware"] == {"accelerator": "nvidia-h100-sxm5-80gb", "count": 8}
    assert "no fans, network or storage" in text
    # 7,200 s = 2 h; 10.1 kWh / 2 h = 5,050 W
    assert "# duration 2 h = 0.08333 d, 5050 W on average" in text


def test_a_country_is_a_comment_and_never_a_grid(imported, data):
    text, made = imported(data / "emissions.csv")
    assert "site" not in made
    assert '# site: {region: "FR"}   # the log has France (FRA), ile-de-france, south' in text


def test_energy_is_divided_by_the_pue_that_codecarbon_was_told(imported, data):
    text, made = imported(data / "emissions-pue.csv")
    energy = made["train"]["energy"]
    assert energy["value"] == f"{12.0 / 1.25:g} kWh"
    assert energy["note"].endswith("; 12 kWh with PUE 1.25, divided by it")
    assert made["site"]["pue"]["value"] == 1.25
    assert '# region: "aws:us-east-1"' in text
    assert "hardware" not in made
    assert '"Invented Accelerator 9000" is not in hardware_db' in text


def test_runs_after_one_another_on_one_machine_are_both_counted(imported):
    log = HEADER + row("10:00:00", "a", 3600, 1.0) + row("11:00:00", "b", 3600, 2.0)
    _, made = imported("-", stdin=log)
    assert [run["energy"]["value"] for run in made["train"]["runs"]] == ["1 kWh", "2 kWh"]


def test_ranks_of_one_node_are_an_error(refused):
    log = HEADER + row("10:00:00", "rank0", 3600, 1.0) + row("10:00:02", "rank1", 3601, 1.0)
    code, _, line, column, err = refused(log)
    assert (code, line, column) == ("CC505", 3, len("2026-03-01T10:00:02,") + 1)
    assert "line 2 of log1" in err
    assert "each rank measures the whole node" in err


def test_ranks_that_write_files_of_their_own_are_an_error_too(refused):
    ranks = [HEADER + row("10:00:00", f"rank{n}", 3600, 1.0) for n in range(2)]
    assert refused(*ranks)[:4] == ("CC505", "log2", 2, 21)


def test_one_run_in_two_files_is_an_error(refused):
    log = HEADER + row("10:00:00", "a", 3600, 1.0)
    assert refused(log, log)[:4] == ("CC505", "log2", 2, 21)


def test_overlapping_runs_of_other_machines_are_both_counted(imported):
    other = MACHINE.replace("Invented CPU", "Another CPU")
    log = HEADER + row("10:00:00", "a", 3600, 1.0) + row("10:00:00", "b", 3600, 2.0, other)
    assert len(imported("-", stdin=log)[1]["train"]["runs"]) == 2


@for_each(
    "log, code, line, column",
    [
        ("timestamp,duration,energy_consumed\nx,1,1\n", "CC502", 1, 1),
        (HEADER, "CC502", 1, 1),
        (HEADER + "2026-03-01T10:00:00,a,3600\n", "CC502", 2, 1),
        (HEADER + row("10:00:00", "", 3600, 1), "CC502", 2, 21),
        (HEADER + row("10:00:00", "a", 3600, 0), "CC502", 2, 28),
        (HEADER + row("10:00:00", "a", 3600, "nan"), "CC506", 2, 28),
        (HEADER + row("10:00:00", "a", -1, 1), "CC506", 2, 23),
        (HEADER + row("99:00:00", "a", 3600, 1), "CC506", 2, 1),
        (HEADER + row("10:00:00", "a", 3600, 1, MACHINE.replace("1.0", "0.5")), "CC506", 2, 85),
        (HEADER + row("10:00:00", "a", 9, 2) + row("11:00:00", "a", 10, 1), "CC502", 3, 26),
        (HEADER + row("10:00:00", "a", 9, 2) + row("09:00:00", "a", 10, 3), "CC504", 3, 1),
    ],
    ids=[
        "no run_id",
        "no rows",
        "cut short",
        "empty run_id",
        "zero",
        "nan",
        "negative",
        "no time",
        "pue below 1",
        "falls",
        "clock",
    ],
)
def test_a_bad_table_is_an_error_at_its_place(log, code, line, column, refused):
    assert refused(log)[:4] == (code, "log1", line, column)


def test_rows_of_tasks_are_refused(refused):
    log = "task_name," + HEADER + "load," + row("10:00:00", "a", 3600, 1)
    assert refused(log)[:4] == ("CC502", "log1", 2, 1)
