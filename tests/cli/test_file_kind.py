"""A file of another kind, given as a scenario, names the command that reads it."""

import shlex
import shutil
import subprocess

from scenarios import CONFIGS
from tables import for_each

from carbonctl.app.file_kind import check_is_scenario, shell_quote

CARBON = (
    "timestamp,project_name,run_id,duration,emissions,cpu_energy,gpu_energy,ram_energy,"
    "energy_consumed,country_name,country_iso_code,region,gpu_count,gpu_model\n"
    "2026-01-01T00:00:00,p,1,3600,1,1,1,1,3,Norway,NOR,,1,NVIDIA A100-SXM4-80GB\n"
)
KINDS = {
    "emissions.csv": (CARBON, "carbonctl init train --from {}"),
    "my run's.csv": (CARBON, "carbonctl init train --from {}"),
    "smi.csv": (
        "timestamp, index, power.draw [W]\n2026/01/01 00:00:00.000, 0, 300 W\n",
        "carbonctl init train --from {}",
    ),
    "dcgm.txt": (
        "#Entity   POWER\nID\nGPU 0     300\nGPU 0     301\n",
        "carbonctl init train --from {}",
    ),
    "sacct.txt": (
        "JobID|JobName|State|ElapsedRaw|AllocTRES|ConsumedEnergyRaw\n1|a|COMPLETED|60||100\n",
        "carbonctl init train --from {}",
    ),
    "config.json": (
        '{"model_type": "llama", "architectures": ["LlamaForCausalLM"]}\n',
        "carbonctl init train --from {}",
    ),
    "policy.yaml": ("schema: carbonctl/policy/v1\nrules: []\n", "carbonctl gate FILE --policy {}"),
    "policy.json": ('{"schema": "carbonctl/policy/v1"}\n', "carbonctl gate FILE --policy {}"),
    "README.md": ("---\nlicense: mit\n---\n# A model\n", "carbonctl validate {}"),
}


@for_each("name", KINDS)
@for_each("command", ["train", "lifecycle"])
def test_the_command_that_reads_a_file_is_named(name, command, carbonctl, tmp_path):
    path = tmp_path / name
    path.write_text(KINDS[name][0], encoding="utf-8")
    ran = carbonctl(command, path)
    assert ran.code == 3
    assert ": error[CC013]: this is a" in ran.err
    line = KINDS[name][1].format(shlex.quote(str(path)))
    assert f"   help: {line}\n" in ran.err


def test_the_line_for_a_table_runs(carbonctl, tmp_path):
    path = tmp_path / "a & b.csv"
    path.write_text(CARBON, encoding="utf-8")
    said = carbonctl("train", path).err
    line = next(line for line in said.splitlines() if line.startswith("   help: "))
    words = shlex.split(line.removeprefix("   help: carbonctl "))
    assert carbonctl(*words).code == 0


def test_a_saved_result_is_known_in_any_order_of_its_keys(carbonctl, tmp_path):
    out = carbonctl("train", CONFIGS / "train-bloom.yaml", "--samples", "0", "-f", "json").out
    for text in (out, "{" + out[1:].replace('"schema_version"', '"a": 1, "schema_version"', 1)):
        (tmp_path / "r.json").write_text(text, encoding="utf-8")
        ran = carbonctl("infer", tmp_path / "r.json")
        assert f"carbonctl report {tmp_path / 'r.json'}" in ran.err
    assert "carbonctl report -" in carbonctl("train", "-", stdin=out).err


def test_a_log_larger_than_a_scenario_may_be_is_known_too(carbonctl, tmp_path):
    path = tmp_path / "long.csv"
    path.write_text(CARBON + "x" * 4_100_000, encoding="utf-8")
    assert "error[CC013]" in carbonctl("train", path).err


def test_every_bundled_scenario_is_one():
    for path in sorted(CONFIGS.glob("*.yaml")):
        check_is_scenario(path.read_bytes(), str(path))


@for_each("name", ["a b", "-x", "it's", "a\nb", "é\t'\\", "$(x)", "*.csv", "a"])
def test_a_name_comes_back_from_a_shell_as_it_is(name):
    words = [str(shutil.which("bash")), "-c", f"printf %s {shell_quote(name)}"]
    done = subprocess.run(words, capture_output=True, check=True)
    assert done.stdout.decode() in {name, f"./{name}"}
    assert not shell_quote(name).startswith("-")


def test_validate_takes_cards_and_policies_by_what_they_say(carbonctl):
    assert carbonctl("validate", "-", stdin="---\nlicense: mit\n---\n# A\n").code == 0
    ran = carbonctl("validate", "-", stdin="schema: carbonctl/policy/v1\nrules: []\n")
    assert "<stdin>:2:8: error[CC607]" in ran.err
