"""A scenario from files, stdin, flags and ``--set``: what wins, where it stands, what it means."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tables import for_each

from carbonctl.app.init import KINDS
from carbonctl.catalog.read import Catalog
from carbonctl.cli.options import ScenarioOptions
from carbonctl.cli.settings import settings_from_options
from carbonctl.core import strict_yaml
from carbonctl.core.errors import InputError
from carbonctl.scenario.read import read_scenario as reading
from carbonctl.scenario.read.read_scenario import Setting, parse_set
from carbonctl.scenario.schema.scenario_file import Scenario

CONFIGS = Path(__file__).parents[2] / "configs"
CATALOG = Catalog.open()
ALL = sorted(CONFIGS.glob("*.yaml"))
FLAGS = {"gpu": "h100-sxm:8", "days": "10", "region": "NO"}
TRAIN = ("train", "--gpu", "h100-sxm:8", "--days", "10", "--region", "NO", "--samples", "0")


def read(source, given=()):
    """Scenario and positions of a file under the bundled catalog."""
    return reading.read_scenario(source, given, Catalog.open())


def write(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def from_flags(**flags):
    return read(None, settings_from_options(ScenarioOptions(**flags), CATALOG))[0]


def problems_of(source, given=()):
    with pytest.raises(InputError) as caught:
        read(str(source), given)
    return [(p.code, str(p.mark)) for p in caught.value.problems]


# Flags


def test_days_without_a_unit_are_days():
    assert from_flags(**FLAGS).train.days.value == 240
    assert from_flags(**FLAGS | {"days": "1.5"}).train.days.value == 36


@pytest.mark.parametrize(
    ("text", "hours"),
    [("2 week", 336), ("36 h", 36), ("10d", 240), ("0.5 y", 4380), ("90 min", 1.5)],
)
def test_days_may_have_a_unit(text, hours):
    assert from_flags(**FLAGS | {"days": text}).train.days.value == pytest.approx(hours)


@for_each(
    "flag, text, name, count",
    [
        ("gpu", "h100-sxm:64", "h100-sxm", 64),
        ("gpu", "h100-sxm:1k", "h100-sxm", 1000),
        ("gpu", "h100-sxm", "h100-sxm", None),
        ("server", "dgx-h100:8", "dgx-h100", 64),
        ("instance", "aws:p5.48xlarge:8", "aws:p5.48xlarge", 64),
        ("instance", "aws:p5.48xlarge", "aws:p5.48xlarge", None),
        ("instance", "p5.48xlarge:8", "p5.48xlarge", 64),
        ("instance", "azure:Standard_NC40ads_H100_v5:16", "azure:Standard_NC40ads_H100_v5", 16),
    ],
)
def test_hardware_and_its_count_are_one_word(flag, text, name, count):
    hardware = from_flags(**FLAGS | {"gpu": None, flag: text}).hardware
    key = {"gpu": "accelerator"}.get(flag, flag)
    assert getattr(hardware, key) == name
    assert (hardware.count.value if hardware.count else None) == count


def test_an_instance_with_its_count_runs(carbonctl):
    words = ("--instance", "aws:p5.48xlarge:8", "--days", "1", "--region", "NO", "--samples", "0")
    ran = carbonctl("train", *words)
    assert ran.code == 0, ran.err
    assert ran.out.startswith("8 x aws:p5.48xlarge in NO")


def test_energy_names_its_boundary_after_a_colon(carbonctl):
    energy = from_flags(energy="433 MWh:it_system", region="NO").train.energy
    assert (energy.value, energy.scope) == (433_000, "it_system")
    words = ("train", "--energy", "433 MWh:it_system", "--region", "NO", "--samples", "0")
    assert carbonctl(*words).code == 0


def test_tokens_are_prompt_and_output_of_a_request():
    infer = from_flags(tokens="500:300", requests="1M/day").infer
    assert (infer.prompt_tokens.value, infer.output_tokens.value) == (500, 300)
    assert infer.requests.value == pytest.approx(1e6 / 24)


def test_tokens_without_a_colon_are_those_that_are_read(carbonctl):
    (setting,) = settings_from_options(ScenarioOptions(tokens="500"), CATALOG)
    assert (setting.path, setting.value) == ("infer.prompt_tokens", "500")
    ran = carbonctl("infer", "--model", "llama-2-7b", "--gpu", "h100-sxm", "--region", "FR",
                    "--requests", "1k/day", "--tokens", "500")  # fmt: skip
    assert ran.code == 3
    assert "output_tokens is required" in ran.err


@for_each(
    "text, hours",
    [
        ("1M", 1e6),
        ("1M h", 1e6),
        ("1.083M h", 1.083e6),
        ("1_000 h", 1e3),
        ("24h", 24),
        ("2k  h", 2e3),
    ],
)
def test_device_hours_are_a_count_that_may_say_what_it_counts(text, hours):
    train = from_flags(accelerator_hours=text).train
    assert train.accelerator_hours.value == pytest.approx(hours)


@pytest.mark.parametrize("text", ["1 GWh", "1M d", "h", "1 Mm"])
def test_device_hours_are_no_other_quantity(text):
    with pytest.raises(InputError, match="is not a number"):
        from_flags(accelerator_hours=text)


@for_each(
    "text, per_hour",
    [
        ("1M/day", 1e6 / 24),
        ("1B/day", 1e9 / 24),
        ("2.5k/h", 2500),
        ("100k/s", 3.6e8),
        ("10/min", 600),
        ("1 M/day", 1e6 / 24),
        ("1000000 request/day", 1e6 / 24),
        ("1e6/day", 1e6 / 24),
        ("1T/y", 1e12 / 8760),
    ],
)
def test_a_rate_reads_as_people_write_it(text, per_hour):
    assert from_flags(requests=text).infer.requests.value == pytest.approx(per_hour)


@for_each(
    "text, value",
    [
        ("7B", 7e9),
        ("7e9", 7e9),
        ("15T", 15e12),
        ("40k", 4e4),
        ("1.46M", 1.46e6),
        ("7_000_000", 7e6),
    ],
)
def test_a_count_reads_as_people_write_it(text, value, tmp_path):
    assert from_flags(params=text).model.params.value == value
    path = write(tmp_path, "a.yaml", f"model: {{params: {text}}}\n")
    assert read(str(path))[0].model.params.value == value


def test_flags_alone_mean_a_year_and_say_so(carbonctl):
    words = ("--params", "7B", "--requests", "1k/day", "--tokens", "5:3")
    ran = carbonctl("lifecycle", *TRAIN[1:], *words)
    assert ran.code == 0, ran.err
    assert "location basis, 1 year" in ran.out.splitlines()[0]


def test_the_one_command_that_no_other_tool_has(carbonctl):
    ran = carbonctl(
        "lifecycle", "--params", "7B", "--gpu", "h100-sxm:64", "--days", "10",
        "--region", "aws:us-east-1", "--requests", "1M/day", "--tokens", "500:300",
    )  # fmt: skip
    assert (ran.code, ran.err) == (0, "")
    assert "training" in ran.out
    assert "serving" in ran.out


@pytest.mark.parametrize(
    ("flag", "text", "path", "value"),
    [
        ("region", "NO", "site.region", "NO"),
        ("model", "llama-2-7b", "model.id", "llama-2-7b"),
        ("accounting", "market", "accounting", "market"),
        ("precision", "fp8", "infer.precision", "fp8"),
        ("runtime", "vllm_2024", "infer.runtime", "vllm_2024"),
    ],
)
def test_a_flag_overrides_a_file(flag, text, path, value):
    scenario, document = read(
        str(CONFIGS / "infer-chat-70b.yaml"),
        settings_from_options(ScenarioOptions(**{flag: text}), CATALOG),
    )
    found = scenario
    for step in path.split("."):
        found = getattr(found, step)
    assert found == value
    assert str(document.mark(tuple(path.removesuffix(".id").split(".")))) == f"--{flag}"


def test_a_flag_overrides_a_file_and_set_overrides_a_flag(carbonctl):
    path = CONFIGS / "train-bloom.yaml"
    base = carbonctl("train", path, "--samples", "0", "-f", "csv").out
    flag = carbonctl("train", path, "--samples", "0", "-f", "csv", "--pue", "2").out
    words = ("--samples", "0", "-f", "csv", "--pue", "2", "--set", "site.pue=1")
    both = carbonctl("train", path, *words).out
    assert flag != base
    assert [line.split(",")[3] for line in both.splitlines()] == [
        line.split(",")[3] for line in base.splitlines()
    ]


def test_a_wrong_flag_is_named_in_the_error(carbonctl):
    ran = carbonctl("train", CONFIGS / "train-bloom.yaml", "--pue", "0.9")
    assert ran.code == 3
    assert "--pue: error[CC203]: 0.9 is below 1" in ran.err


# --set


@for_each(
    "text, path, value",
    [
        ("train.mfu=0.4", "train.mfu", 0.4),
        ("name=7e9", "name", 7e9),
        ("site.region=NO", "site.region", "NO"),
        ("a=", "a", None),
        ("a=null", "a", None),
        ("a=[1, 2, 3]", "a", [1, 2, 3]),
        ("a={value: 700 W, scope: gpu}", "a", {"value": "700 W", "scope": "gpu"}),
        ("a=b=c", "a", "b=c"),
        (" a =1", "a", 1),
        ("a=017", "a", 17),
    ],
)
def test_set_reads_its_value_as_yaml(text, path, value):
    setting = parse_set(text)
    assert (setting.path, setting.value) == (path, value)


@pytest.mark.parametrize("text", ["", "=1", "train.mfu", " =1"])
def test_set_without_a_path_or_a_value_is_an_error(text):
    with pytest.raises(InputError) as caught:
        parse_set(text)
    assert [p.code for p in caught.value.problems] == ["CC201"]


@pytest.mark.parametrize(("text", "code"), [("a=[1", "CC001"), ("a=!!int 3", "CC004")])
def test_set_with_bad_yaml_names_the_flag(text, code):
    with pytest.raises(InputError) as caught:
        parse_set(text)
    assert [(p.code, str(p.mark)) for p in caught.value.problems] == [(code, "--set a")]


def test_set_reaches_nested_places_and_makes_the_sections_on_the_way():
    path = CONFIGS / "train-bloom.yaml"
    given = [Setting("infer.site.region", "NO", "--set"), Setting("embodied.lifetime", "4 y", "-s")]
    scenario, document = read(str(path), given)
    assert scenario.infer.site.region == "NO"
    assert scenario.embodied.lifetime.value == 4 * 8760
    assert scenario.embodied.host.value == 2500
    assert str(document.mark(("embodied", "lifetime"))) == "-s"
    assert document.mark(("embodied", "host")).line == 16


def test_set_reaches_an_entry_of_a_list():
    given = [parse_set("train.runs.1.accelerator_hours=5k"), parse_set("train.runs.0.name=small")]
    runs = read(str(CONFIGS / "train-llama-2.yaml"), given)[0].train.runs
    assert [run.name for run in runs] == ["small", "13B", "34B", "70B"]
    assert runs[1].accelerator_hours.value == 5000


@pytest.mark.parametrize(
    "text",
    ["train.runs.9.name=x", "train.runs.x.name=x", "train.runs.9=x", "train.runs.-1.name=x"],
)
def test_set_to_a_place_that_is_not_there_is_an_error(text):
    assert problems_of(CONFIGS / "train-llama-2.yaml", [parse_set(text)]) == [
        ("CC101", f"--set {text.partition('=')[0]}")
    ]


def test_set_with_an_unknown_key_hints_at_the_nearest(carbonctl):
    ran = carbonctl("train", CONFIGS / "train-bloom.yaml", "--set", "train.acelerator_hours=1")
    assert ran.code == 3
    assert '--set train.acelerator_hours: error[CC101]: unknown key "acelerator_hours"' in ran.err
    assert '"accelerator_hours"' in ran.err


def test_set_to_null_takes_a_value_away():
    path = CONFIGS / "lifecycle-chat-7b.yaml"
    scenario, _ = read(str(path), [parse_set("experiments="), parse_set("data=null")])
    assert scenario.experiments is None
    assert scenario.data is None


def test_a_named_model_keeps_its_name_when_set_describes_it_too(carbonctl):
    path = CONFIGS / "infer-chat-70b.yaml"
    ran = carbonctl("infer", path, "--set", "model.layers=40")
    assert ran.code == 3
    assert "error[CC303]" in ran.err
    assert "llama-3.1-70b" in ran.err


def test_a_named_model_beside_params_on_the_command_line_is_an_error(carbonctl):
    words = ("--requests", "1k/day", "--tokens", "5:3", "--gpu", "h100-sxm:8", "--region", "NO")
    ran = carbonctl("infer", "--model", "llama-2-7b", "--params", "8B", *words)
    assert ran.code == 3
    assert "error[CC303]" in ran.err


# extends


def test_extends_merges_deeply_and_the_head_wins(tmp_path):
    write(
        tmp_path, "base.yaml",
        "name: base\nhardware: {accelerator: h100-sxm, count: 64}\nsite: {region: NO, pue: 1.1}\n",
    )  # fmt: skip
    head = write(
        tmp_path, "head.yaml", "extends: base.yaml\nsite:\n  pue: 1.3\ntrain: {days: 1 d}\n"
    )
    scenario, document = read(str(head))
    assert (scenario.name, scenario.site.region, scenario.site.pue.value) == ("base", "NO", 1.3)
    assert scenario.hardware.count.value == 64
    marks = {
        path: document.mark(path) for path in [("site", "pue"), ("site", "region"), ("train",)]
    }
    found = {path: (Path(m.file).name, m.line, m.column) for path, m in marks.items()}
    assert found == {
        ("site", "pue"): ("head.yaml", 3, 8),
        ("site", "region"): ("base.yaml", 3, 16),
        ("train",): ("head.yaml", 4, 8),
    }


def test_errors_of_an_extended_file_stand_in_the_file_that_made_them(tmp_path):
    base = write(tmp_path, "base.yaml", "hardware: {accelerator: h100-sxm, cuont: 64}\n")
    head = write(tmp_path, "head.yaml", "extends: base.yaml\nsite: {region: NO, pue: 0.5}\n")
    assert sorted(problems_of(head)) == [("CC101", f"{base}:1:35"), ("CC203", f"{head}:2:25")]


def test_the_lines_of_both_files_are_shown(carbonctl, tmp_path):
    write(tmp_path, "base.yaml", "hardware: {accelerator: h100-sxm, cuont: 64}\n")
    head = write(tmp_path, "head.yaml", "extends: base.yaml\nsite: {region: NO, pue: 0.5}\n")
    err = carbonctl("train", head).err
    assert "    1 | hardware: {accelerator: h100-sxm, cuont: 64}" in err
    assert "    2 | site: {region: NO, pue: 0.5}" in err


def test_a_list_and_a_plain_value_replace_what_they_extend(tmp_path):
    write(tmp_path, "base.yaml", "train:\n  runs: [{name: a, days: 1 d}, {name: b, days: 2 d}]\n")
    head = write(
        tmp_path, "head.yaml", "extends: base.yaml\ntrain:\n  runs: [{name: c, days: 3 d}]\n"
    )
    scenario, document = read(str(head))
    assert [run.name for run in scenario.train.runs] == ["c"]
    assert document.mark(("train", "runs", 0, "name")).file == str(head)
    assert ("train", "runs", 1) not in document.marks


def test_extends_is_read_beside_the_file_that_says_it_through_several_files(tmp_path):
    (tmp_path / ".git").mkdir()
    write(tmp_path, "shared/base.yaml", "name: base\nperiod: 1 y\n")
    write(tmp_path, "shared/middle.yaml", "extends: base.yaml\nperiod: 2 y\n")
    head = write(tmp_path, "mine/head.yaml", "extends: ../shared/middle.yaml\n")
    scenario, _ = read(str(head))
    assert (scenario.name, scenario.period.value) == ("base", 2 * 8760)


def test_an_empty_section_of_the_head_takes_the_section_away(tmp_path):
    write(tmp_path, "base.yaml", "data: {stored: 5 TB}\ntrain: {days: 1 d}\n")
    head = write(tmp_path, "head.yaml", "extends: base.yaml\ndata:\n")
    assert read(str(head))[0].data is None


def test_two_files_that_extend_each_other_are_a_circle(tmp_path):
    one = write(tmp_path, "one.yaml", "extends: two.yaml\n")
    two = write(tmp_path, "two.yaml", "extends: one.yaml\n")
    (found,) = problems_of(one)
    assert found[0] == "CC009"
    assert found[1].startswith((str(one), str(two)))


def test_a_chain_of_more_than_ten_files_is_refused(tmp_path):
    for place in range(15):
        write(tmp_path, f"{place}.yaml", f"extends: {place + 1}.yaml\n")
    (found,) = problems_of(tmp_path / "0.yaml")
    assert found[0] == "CC009"


# What the words of a file mean


def test_no_is_norway_and_not_false(carbonctl, tmp_path):
    text = "hardware: {accelerator: h100-sxm, count: 8}\nsite: {region: NO}\ntrain: {days: 1 d}\n"
    path = write(tmp_path, "a.yaml", text)
    assert read(str(path))[0].site.region == "NO"
    ran = carbonctl("train", path, "--samples", "0")
    assert ran.code == 0
    assert "in NO " in ran.out


def test_runs_inherit_what_training_says_for_all(tmp_path):
    path = write(
        tmp_path, "a.yaml",
        "hardware: {accelerator: h100-sxm, count: 8}\nsite: {region: NO}\n"
        "train:\n  power: {value: 500 W, scope: node}\n  runs:\n"
        "    - {name: a, days: 1 d}\n"
        "    - {name: b, days: 1 d, power: {value: 1000 W, scope: node}}\n",
    )  # fmt: skip
    assert [run.power and run.power.value for run in read(str(path))[0].train.runs] == [None, 1000]


def test_inherited_watts_are_used_and_a_runs_own_watts_win(carbonctl, tmp_path):
    text = (
        "hardware: {accelerator: h100-sxm, count: 8}\nsite: {region: NO}\ntrain:\n"
        "  power: {value: 500 W, scope: it_system}\n  runs:\n    - {name: a, days: 1 d}\n"
        "    - {name: b, days: 1 d, power: {value: 1000 W, scope: it_system}}\n"
    )
    path = write(tmp_path, "a.yaml", text)
    metrics = json.loads(carbonctl("train", path, "--samples", "0", "-f", "json").out)["metrics"]
    energy = [metrics[f"train.{run}.it_energy_kwh"]["value"] for run in "ab"]
    assert energy == pytest.approx([96.0, 192.0])


def test_evidence_for_all_runs_is_inherited_too(carbonctl, tmp_path):
    text = (
        "hardware: {accelerator: h100-sxm, count: 8}\nsite: {region: NO}\ntrain:\n"
        "  days: 2 d\n  runs: [{name: a}, {name: b}]\n"
    )
    assert carbonctl("train", write(tmp_path, "a.yaml", text), "--samples", "0").code == 0


def test_an_error_in_what_runs_inherit_stands_where_it_is_written(carbonctl, tmp_path):
    text = (
        "hardware: {accelerator: h100-sxm, count: 8}\nsite: {region: NO}\ntrain:\n"
        "  power: 500 W\n  runs: [{name: a, days: 1 d}, {name: b, days: 1 d}]\n"
    )
    ran = carbonctl("train", path := write(tmp_path, "a.yaml", text))
    assert ran.code == 3
    assert f"{path}:4:10: error[CC206]" in ran.err
    assert ran.err.count("error[") == 1


@for_each(
    "text, low, value, high",
    [
        ("[0.3, 0.4, 0.5]", 0.3, 0.4, 0.5),
        ("[30 %, 40 %, 50 %]", 0.3, 0.4, 0.5),
        ("{value: 0.4, range: [0.3, 0.5], source: me, note: why}", 0.3, 0.4, 0.5),
        ("{value: 40 %, range: [30, 50]}", 0.3, 0.4, 0.5),
        ("{value: 0.4}", None, 0.4, None),
        ("40 %", None, 0.4, None),
    ],
)
def test_a_range_has_a_short_and_a_long_form(text, low, value, high, tmp_path):
    path = write(tmp_path, "a.yaml", f"train: {{tokens: 1T, mfu: {text}}}\n")
    mfu = read(str(path))[0].train.mfu
    assert (mfu.low, mfu.value, mfu.high) == pytest.approx((low, value, high))


def test_a_range_may_leave_the_unit_to_its_value(tmp_path):
    path = write(tmp_path, "a.yaml", "train: {days: [8, 10 d, 12]}\n")
    days = read(str(path))[0].train.days
    assert (days.low, days.value, days.high) == (192, 240, 288)


def test_json_is_a_scenario_too(tmp_path):
    text = '{"hardware": {"accelerator": "h100-sxm", "count": 8}, "train": {"days": "1 d"}}'
    path = write(tmp_path, "a.json", text)
    assert read(str(path))[0].train.days.value == 24


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfname: x\r\ntrain: {days: 1 d}\r\n")
    assert read(str(path))[0].name == "x"


def test_an_anchor_may_be_used_again(tmp_path):
    text = "hardware: &h {accelerator: h100-sxm, count: 8}\ninfer: {hardware: *h}\n"
    scenario, _ = read(str(write(tmp_path, "a.yaml", text)))
    assert scenario.infer.hardware == scenario.hardware


def test_a_name_in_any_script_is_kept(tmp_path):
    assert read(str(write(tmp_path, "a.yaml", "name: 日本 é\n")))[0].name == "日本 é"


# Bundled scenarios, schema, init


@for_each("path", ALL, ids=lambda path: path.stem)
def test_every_bundled_scenario_is_valid(path, carbonctl):
    assert carbonctl("validate", path).out == f"{path}: valid\n"


@for_each("path", ALL, ids=lambda path: path.stem)
def test_every_bundled_scenario_says_in_a_comment_what_it_is_for(path):
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert max(map(len, text.splitlines())) <= 160


def test_validate_takes_many_files_and_prints_nothing_when_quiet(carbonctl):
    assert carbonctl("validate", *ALL).out.count(": valid\n") == len(ALL)
    assert (ran := carbonctl("validate", "-q", *ALL)).code == 0
    assert ran.out == ""


PRINTED = {}


def schema(carbonctl):
    """The schema of a scenario, printed once."""
    if not PRINTED:
        ran = carbonctl("validate", "--print-schema", "scenario")
        assert (ran.code, ran.err) == (0, "")
        PRINTED.update(json.loads(ran.out))
    return PRINTED


def test_the_json_schema_has_every_section(carbonctl):
    found = schema(carbonctl)
    assert found["type"] == "object"
    assert found["additionalProperties"] is False
    fields = {field.alias or name for name, field in Scenario.model_fields.items()}
    assert set(found["properties"]) - {"extends"} == fields


def test_every_reference_of_the_json_schema_leads_somewhere(carbonctl):
    found = schema(carbonctl)
    text = json.dumps(found)
    names = {piece.split('"')[0] for piece in text.split("#/$defs/")[1:]}
    assert names == set(found["$defs"])


def test_every_section_of_the_json_schema_refuses_unknown_keys(carbonctl):
    for name, section in schema(carbonctl)["$defs"].items():
        objects = [s for s in section.get("anyOf", [section]) if s.get("type") == "object"]
        assert [s["additionalProperties"] for s in objects] == [False], name


def test_each_section_has_one_place_in_the_json_schema_under_its_own_name(carbonctl):
    names = set(schema(carbonctl)["$defs"])
    assert {"Model", "Run", "Train", "Growth", "OldMachines", "LatencyTarget"} <= names
    assert not [name for name in names if "__" in name]


def test_a_section_is_built_only_when_a_file_has_it():
    probe = (
        "from carbonctl.scenario.schema.scenario_file import Embodied, Refresh, Scenario, Train\n"
        "Scenario.model_validate({'train': {'days': '10 d'}})\n"
        "print(*(s.__pydantic_complete__ for s in (Scenario, Train, Embodied, Refresh)))"
    )
    ran = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["True", "True", "False", "False"]


TYPES = {
    "string": str, "number": int | float, "integer": int, "boolean": bool, "array": list,
    "object": dict, "null": type(None),
}  # fmt: skip


def fits(value, node, root):
    """Whether a value fits a JSON Schema, as far as the words that ours uses."""
    if "$ref" in node:
        return fits(value, root["$defs"][node["$ref"].rpartition("/")[2]], root)
    if "anyOf" in node and not any(fits(value, choice, root) for choice in node["anyOf"]):
        return False
    if value not in node.get("enum", [value]) or value != node.get("const", value):
        return False
    kinds = node.get("type", list(TYPES))
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if isinstance(value, bool):
        return "boolean" in kinds
    if not any(isinstance(value, TYPES[kind]) for kind in kinds):
        return False
    if isinstance(value, dict):
        return fits_object(value, node, root)
    if isinstance(value, list):
        low, high = node.get("minItems", 0), node.get("maxItems", len(value))
        items = node.get("items", {})
        return low <= len(value) <= high and all(fits(item, items, root) for item in value)
    return True


def fits_object(value, node, root):
    known, other = node.get("properties", {}), node.get("additionalProperties", True)
    if set(node.get("required", ())) - set(value):
        return False
    for key, item in value.items():
        inner = known.get(key, other)
        if inner is False or (isinstance(inner, dict) and not fits(item, inner, root)):
            return False
    return True


@for_each("path", ALL, ids=lambda path: path.stem)
def test_every_bundled_scenario_fits_the_json_schema(path, carbonctl):
    root = schema(carbonctl)
    data = strict_yaml.read(path).data
    wrong = [
        key for key, value in data.items()
        if key not in root["properties"] or not fits(value, root["properties"][key], root)
    ]  # fmt: skip
    assert wrong == []
    assert fits(data, root, root)
    assert not fits(data | {"frob": 1}, root, root)


@for_each(
    "text",
    [
        "site: {pue: '1.15'}",
        "site: {pue: 1.15}",
        "site: {pue: [1.1, 1.15, 1.2]}",
        "site: {pue: included}",
        "model: llama-2-7b",
        "model: {id: llama-2-7b}",
        "data: {stored: 8 PB, growth: 2.4 per 2 y}",
        "extends: base.yaml",
        "infer: {latency: {p50: 100 ms}}",
        "train: {mfu: {value: 0.4, range: [0.3, 0.5]}}",
    ],
)
def test_every_form_that_is_read_fits_the_json_schema(text, carbonctl):
    root = schema(carbonctl)
    document = strict_yaml.parse(text.encode(), "a.yaml")
    assert fits(document.data, root, root)


@for_each(
    "text",
    [
        "site: {pue: true}",
        "train: {mfu: [0.3, 0.4]}",
        "train: {mfu: {range: [0.3, 0.5]}}",
        "train: {precision: fp7}",
        "embodied: {parts: {cpu: x}}",
        "data: {replicas: 3}",
    ],
)
def test_what_is_refused_does_not_fit_the_json_schema(text, carbonctl):
    root = schema(carbonctl)
    assert not fits(strict_yaml.parse(text.encode(), "a.yaml").data, root, root)


@for_each("kind", KINDS)
def test_every_kind_of_init_runs_unedited(kind, carbonctl, tmp_path):
    command = {"image": "infer", "dlrm": "lifecycle"}.get(kind, kind)
    path = tmp_path / "mine.yaml"
    ran = carbonctl("init", kind, "-o", path)
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert path.read_text(encoding="utf-8").startswith("# ")
    assert carbonctl("validate", path).code == 0
    done = carbonctl(command, path, "--samples", "100")
    assert done.code == 0, done.err
    assert "CO2e" in done.out


def test_init_writes_over_nothing(carbonctl, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("mine\n", encoding="utf-8")
    ran = carbonctl("init", "train", "-o", path)
    assert (ran.code, ran.out) == (2, "")
    assert "exists, and init" in ran.err
    assert path.read_text(encoding="utf-8") == "mine\n"


@for_each("path", ALL, ids=lambda path: path.stem)
def test_a_scenario_as_json_means_the_same(path, tmp_path):
    scenario, document = read(str(path))
    other = write(tmp_path, "a.json", json.dumps(document.data))
    assert read(str(other))[0] == scenario
