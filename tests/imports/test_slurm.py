"""Slurm's sacct: allocations, their steps, requeues and energies."""

from __future__ import annotations

from tables import for_each

HEADER = "JobID|JobName|ElapsedRaw|AllocTRES|NNodes|ConsumedEnergyRaw\n"
EIGHT = "gres/gpu:h200=8,gres/gpu=8"


def test_device_hours_leave_out_steps_and_count_every_attempt(imported, data):
    text, made = imported(data / "sacct.txt")
    # job 100: 2 h x 16; 101_1 preempted: 0.5 h x 8, requeued: 1 h x 8; 101_2: 1 h x 8
    hours = 2 * 16 + 0.5 * 8 + 1 * 8 + 1 * 8
    assert made["train"]["accelerator_hours"]["value"] == hours
    assert made["hardware"] == {"accelerator": "nvidia-h200-sxm"}
    assert "excluded, without GPU or not run: 102, 103" in text
    assert "4 allocations (100, 101_1, 101_2)" in made["train"]["accelerator_hours"]["note"]


def test_energy_of_a_job_is_of_its_nodes_and_replaces_its_hours(imported, data):
    text, made = imported(data / "sacct-energy.txt")
    finetune, probe = made["train"]["runs"]
    assert finetune["energy"]["value"] == f"{18_000_000 / 3.6e6:g} kWh"
    assert finetune["energy"]["scope"] == "node"
    assert "accelerator_hours" not in finetune
    assert probe["accelerator_hours"]["value"] == 1 * 4
    assert '"a100" may be nvidia-a100-pcie-40gb' in text
    assert "hardware" not in finetune


def test_elapsed_in_words_is_read_and_energy_of_steps_is_not(imported):
    log = (
        "JobID|Elapsed|AllocTRES|ConsumedEnergyRaw\n"
        f"7|1-01:30:00|{EIGHT}|\n7.0|1-01:30:00|{EIGHT}|999\n"
    )
    text, made = imported("-", stdin=log)
    assert made["train"]["accelerator_hours"]["value"] == 25.5 * 8
    assert "only steps report an energy" in text


def test_types_in_one_job_are_runs_of_their_own(imported):
    log = HEADER + "7|mix|3600|gres/gpu=3,gres/gpu:h200=1,gres/gpu:b200=2|1|\n"
    runs = imported("-", stdin=log)[1]["train"]["runs"]
    assert [run["accelerator_hours"]["value"] for run in runs] == [1, 2]
    assert len({run["name"] for run in runs}) == 2


@for_each(
    "log, code, line, column",
    [
        ("JobID|ElapsedRaw\n7|3600\n", "CC502", 1, 1),
        ("JobID|AllocTRES\n7|gres/gpu=8\n", "CC502", 2, 1),
        (HEADER, "CC502", 1, 1),
        (HEADER + f"7|a|x|{EIGHT}|1|\n", "CC506", 2, 5),
        (HEADER + f"7|a|3600|{EIGHT}|1|18446744073709551614\n", "CC506", 2, 39),
        (HEADER + "7|a|3600|gres/gpu:a100_1g.5gb=2,gres/gpu=2|1|\n", "CC506", 2, 10),
        (HEADER + "7|a|3600|gres/gpu:h200=8,gres/gpu=4|1|\n", "CC506", 2, 10),
        (HEADER + "7|a|3600|gres/gpu:h200=4,gres/gpu=8|1|\n", "CC506", 2, 10),
        (HEADER + 2 * f"7|a|3600|{EIGHT}|1|\n", "CC505", 3, 1),
        (HEADER + "7|a|3600|cpu=8|1|\n", "CC502", 2, 1),
        (HEADER + "7|a|3600\n", "CC502", 2, 1),
        ("JobID    JobName\n------ ------\n7   a\n", "CC501", 1, 1),
    ],
)
def test_a_bad_table_is_an_error_at_its_place(log, code, line, column, refused):
    assert refused(log)[:4] == (code, "log1", line, column)


def test_one_job_in_two_tables_is_an_error(refused):
    log = HEADER + f"7|a|3600|{EIGHT}|1|\n"
    assert refused(log, log)[:4] == ("CC505", "log2", 2, 1)
