"""Which format a file gets, rows that add up, many scenarios, names of numbers, hostile names."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import re

import pytest
from scenarios import CONFIGS, LIVES_AND_ITEMS, command_of
from tables import for_each

from carbonctl.cli import complete
from carbonctl.cli.output_format import format_of
from carbonctl.core.errors import UsageError
from carbonctl.report import csv_rows
from carbonctl.report.formats import EXTENSIONS, FORMATS
from carbonctl.report.text.markdown import escape_cell

BLOOM, CHAT = CONFIGS / "train-bloom.yaml", CONFIGS / "lifecycle-chat-7b.yaml"
FEW = ("--samples", "0")
LEAST = {".json": "json", ".md": "markdown", ".csv": "csv", ".xml": "junit", ".sarif": "sarif",
         ".ndjson": "ndjson", ".jsonl": "ndjson", ".txt": "table"}  # fmt: skip
WITH_OUTPUT = {
    "train": ("train", BLOOM, *FEW),
    "infer": ("infer", CONFIGS / "infer-chat-70b.yaml", *FEW),
    "lifecycle": ("lifecycle", CHAT, *FEW),
    "embodied": ("embodied", CONFIGS / "embodied-8xh100.yaml", *FEW),
    "compare": ("compare", BLOOM, CHAT, *FEW),
    "refresh": ("refresh", CONFIGS / "refresh-a100-to-h100.yaml", *FEW),
    "diff": ("diff", BLOOM, CHAT, *FEW),
    "explain": ("explain", BLOOM),
    "gate": ("gate", CHAT, *FEW),
    "init": ("init", "train"),
}


@for_each("suffix", LEAST)
def test_the_extension_of_a_file_names_the_format(suffix, carbonctl, tmp_path):
    target = tmp_path / f"result{suffix.upper() if suffix == '.csv' else suffix}"
    ran = carbonctl("train", BLOOM, *FEW, "-o", target)
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    stdout = carbonctl("train", BLOOM, *FEW, "-f", LEAST[suffix]).out
    assert target.read_text(encoding="utf-8") == stdout


@for_each("words", WITH_OUTPUT.values(), ids=WITH_OUTPUT)
def test_an_extension_that_names_no_format_of_the_command_ends_with_2(words, carbonctl, tmp_path):
    target = tmp_path / "result.tar"
    ran = carbonctl(*words, "-o", target)
    assert (ran.code, ran.out) == (2, "")
    assert '".tar"' in ran.err
    known = ".yaml" if words[0] == "init" else ".json"
    assert known in ran.err
    assert not target.exists()


@for_each("form", FORMATS)
def test_with_f_the_extension_must_be_one_of_that_format(form):
    for suffix in dict.fromkeys(e for known in EXTENSIONS.values() for e in known):
        output = f"x{suffix}"
        if suffix in EXTENSIONS[form]:
            assert format_of(form, output=output) == form
        else:
            with pytest.raises(UsageError, match="expected a file that ends in"):
                format_of(form, output=output)


@for_each(
    "words",
    [
        ("train", BLOOM, "-f", "json", "-o", "{tmp}/x.csv"),
        ("train", BLOOM, "--json", "-o", "{tmp}/x.md"),
        ("train", BLOOM, "--json", "-f", "csv"),
        ("compare", BLOOM, CHAT, "-o", "{tmp}/x.xml"),
        ("explain", BLOOM, "-o", "{tmp}/x.csv"),
        ("diff", BLOOM, CHAT, "-f", "table", "-o", "{tmp}/x.json"),
        ("verify", "training", "-o", "{tmp}/x.csv"),
        ("hw", "list", "--json", "-f", "csv"),
        ("validate", BLOOM, "--json", "-f", "github"),
        ("init", "train", "-o", "{tmp}/x.json"),
    ],
    ids=lambda words: " ".join(map(str, (words[0], *words[-2:]))),
)
def test_two_formats_at_once_end_with_2_before_anything_is_written(words, carbonctl, tmp_path):
    ran = carbonctl(*(str(word).format(tmp=tmp_path) for word in words))
    assert ran.code == 2
    assert "error: " in ran.err
    assert not ran.out or "usage" in ran.out or json.loads(ran.out)["errors"]
    assert list(tmp_path.iterdir()) == []


def test_a_device_a_pipe_and_a_name_without_extension_take_any_format(carbonctl, tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    for target in ("/dev/null", "/dev/stdout", "-", None, tmp_path / "pipe.csv", tmp_path,
                   tmp_path / "result", tmp_path / ".json"):  # fmt: skip
        for form in (None, "sarif"):
            output = None if target is None else str(target)
            assert format_of(form, output=output) == (form or "table")
    assert carbonctl("train", BLOOM, *FEW, "-o", tmp_path / "result").code == 0
    assert carbonctl("train", BLOOM, *FEW, "-o", "-").out.startswith("bloom: ")


@for_each(
    "words",
    [
        *(words for name, words in WITH_OUTPUT.items() if name != "init"),
        ("hw", "list"),
        ("hw", "show", "h100-sxm"),
        ("grid", "list"),
        ("grid", "show", "NO"),
        ("model", "list"),
        ("model", "show", "llama-3.1-8b"),
        ("validate", BLOOM),
    ],
    ids=lambda words: " ".join(map(str, words[:2] if words[0] in ("hw", "grid") else words[:1])),
)
def test_json_is_a_flag_of_its_own(words, carbonctl):
    ran = carbonctl(*words, "--json")
    assert ran == carbonctl(*words, "-f", "json")
    json.loads(ran.out)


def test_a_gate_writes_its_result_as_the_extension_says(carbonctl, tmp_path):
    shown = carbonctl("gate", CHAT, *FEW)
    for suffix, form in ((".json", "json"), (".sarif", "sarif"), (".md", "markdown")):
        target = tmp_path / f"carbon{suffix}"
        assert carbonctl("gate", CHAT, *FEW, "-o", target).out == shown.out
        assert target.read_text(encoding="utf-8") == carbonctl("gate", CHAT, *FEW, "-f", form).out


def read(text):
    """Rows of CSV by scenario."""
    found = {}
    for row in csv.DictReader(io.StringIO(text)):
        found.setdefault(row["scenario"], []).append(row)
    return found


def leaves_add_up(table):
    """Whether the leaves of one scenario add up to its total, and children to their parent."""
    total = table[-1]
    assert (total["parent"], total["level"], total["leaf"]) == ("", "0", "False")
    by_id = {row["id"]: row for row in table}
    leaves = [row for row in table if row["leaf"] == "True"]
    for column in ("value", "energy_kwh"):
        known = [float(row[column]) for row in leaves if row[column]]
        if known or total[column]:
            printed = float(total[column])
            assert f"{math.fsum(known):.12g}" == f"{printed:.12g}", column
    for row in table[:-1]:
        assert int(row["level"]) == int(by_id[row["parent"]]["level"]) + 1
        children = [float(r["value"]) for r in table if r["parent"] == row["id"]]
        assert (not children) == (row["leaf"] == "True")
        assert not children or math.isclose(sum(children), float(row["value"]), rel_tol=1e-12)
        assert row["sources"]


def test_leaves_of_csv_add_up_to_the_total_of_every_scenario(carbonctl):
    lives = [file for file in LIVES_AND_ITEMS if command_of(file) != "embodied"]
    for file in LIVES_AND_ITEMS:
        ((name, table),) = read(carbonctl(command_of(file), file, *FEW, "-f", "csv").out).items()
        assert name, file
        leaves_add_up(table)
    words = (*lives, "--accounting", "location", *FEW, "-f", "csv")
    compared = read(carbonctl("compare", *words).out)
    assert len(compared) == len(lives)
    for table in compared.values():
        leaves_add_up(table)


def test_two_scenarios_of_one_name_are_told_apart(carbonctl):
    found = read(carbonctl("compare", BLOOM, BLOOM, *FEW, "-f", "csv").out)
    assert list(found) == ["bloom #1", "bloom #2"]
    assert csv_rows.distinct_names(["a", "b", "a"]) == ["a #1", "b", "a #2"]


def test_energy_of_the_total_is_that_of_its_phases(carbonctl):
    (table,) = read(carbonctl("train", BLOOM, *FEW, "-f", "csv").out).values()
    assert float(table[-1]["energy_kwh"]) == pytest.approx(433_196 + 256_646)


@pytest.mark.parametrize("count", [3, 4, 5, 30])
def test_a_comparison_of_many_loses_no_number(count, carbonctl, monkeypatch):
    lives = [file for file in LIVES_AND_ITEMS if command_of(file) == "train"]
    files = (lives * 2)[:count]
    raw = carbonctl("compare", *files, "--samples", "100", "-f", "json").out
    for columns in ("80", "40"):
        monkeypatch.setenv("COLUMNS", columns)
        out = carbonctl("report", "-", stdin=raw).out
        assert max(map(len, out.splitlines())) <= int(columns)
        assert out.isascii()
        loses_no_number(json.loads(raw), count, columns, carbonctl)


def loses_no_number(data, count, columns, carbonctl):
    """Long names make a comparison no wider, and from five scenarios on each number is there."""
    names = [f"a long name of scenario {place}, a year of it" for place in range(count)]
    for scenario, name in zip(data["scenarios"], names, strict=True):
        scenario["name"] = name
    raw = json.dumps(data)
    out = carbonctl("report", "-", stdin=raw).out
    assert max(map(len, out.splitlines())) <= int(columns)
    if count < 5:
        return
    flat = " ".join(out.split())
    order = sorted(range(count), key=lambda place: data["total"]["values"][place])
    at = [re.search(rf"^{letters(place)} ", out, re.MULTILINE).start() for place in order]
    assert at == sorted(at)
    if columns == "40":
        assert all(name in flat for name in names)
    totals = data["total"]["values"]
    assert all(f"{value / 1e3:.1f} t" in flat for value in totals if 10_000 <= value < 100_000)
    assert "..." not in out
    table = carbonctl("report", "-", "-f", "markdown", stdin=raw).out.splitlines()
    assert len({line.count("|") for line in table if line.startswith("|")}) == 1
    assert len([line for line in table if line.startswith("| ")]) == count + 1


def letters(place):
    """A, B ... Z, AA, AB."""
    return chr(65 + place) if place < 26 else "A" + chr(65 + place - 26)


LABELS = ("data", "experiments", "training", "serving", "manufacturing", "construction",
          "transport", "end of life", "total", "per request", "Serving")  # fmt: skip


def test_a_number_is_explained_by_its_label_in_the_table(carbonctl):
    data = json.loads(carbonctl("lifecycle", CHAT, *FEW, "-f", "json").out)
    known = {line["label"]: line["value"] for line in data["breakdown"]}
    known |= {"total": data["total_kgco2e"]}
    for label in LABELS:
        ran = carbonctl("explain", CHAT, "--of", label, "--json", *FEW)
        assert ran.code == 0, ran.err
        if label != "per request":
            assert json.loads(ran.out)["value"] == known[label.lower()], label


def test_parts_of_a_machine_are_explained_by_their_labels(carbonctl):
    path = CONFIGS / "embodied-8xh100.yaml"
    data = json.loads(carbonctl("embodied", path, *FEW, "-f", "json").out)
    todo, labels = list(data["breakdown"]), []
    while todo:
        node = todo.pop()
        labels.append(node["label"])
        todo += node["children"]
    for label in labels:
        ran = carbonctl("explain", path, "--of", label, "-q")
        assert ran.code == 0 or (labels.count(label) > 1 and "fits several" in ran.err), label


def test_a_misspelled_number_gets_the_three_nearest(carbonctl):
    for of, wanted in (("trainig", "training"), ("manufacturng", "manufacturing"),
                       ("infer.per_requst", "infer.per_request_kgco2e")):  # fmt: skip
        ran = carbonctl("explain", CHAT, "--of", of)
        assert ran.code == 3
        (hint,) = re.findall(r"nearest are ([^\n]*(?:\n {9}[^\n]*)*)", ran.err)
        assert wanted in hint
        assert hint.count(",") == 2


def test_explain_takes_the_flags_of_the_estimating_commands(carbonctl):
    import typer

    from carbonctl.cli.app import build_app

    known = typer.main.get_command(build_app()).commands
    own = {flag for param in known["explain"].params for flag in param.opts}
    for name in ("train", "infer", "lifecycle", "embodied", "refresh"):
        assert {flag for param in known[name].params for flag in param.opts} <= own
    flags = ("--gpu", "h100-sxm:8", "--days", "10", "--region", "NO")
    total = json.loads(carbonctl("train", *flags, *FEW, "-f", "json").out)["total_kgco2e"]
    assert json.loads(carbonctl("explain", *flags, *FEW, "--json").out)["value"] == total
    moved = carbonctl("explain", CHAT, "--pue", "2", *FEW, "--json").out
    assert (
        json.loads(moved)["value"] != json.loads(carbonctl("explain", CHAT, "--json").out)["value"]
    )


@for_each("columns", ["80", "40"])
@for_each("file", [BLOOM, CHAT, CONFIGS / "dlrm-weekly.yaml"], ids=lambda f: f.stem)
def test_a_tree_wraps(file, columns, carbonctl, monkeypatch):
    monkeypatch.chdir(CONFIGS)
    monkeypatch.setenv("COLUMNS", columns)
    out = carbonctl("explain", file.name, *FEW).out
    assert [line for line in out.splitlines() if len(line) > int(columns)] == []
    monkeypatch.setenv("COLUMNS", "500")
    whole = carbonctl("explain", file.name, *FEW).out
    assert "".join(out.split()) == "".join(whole.split())


HOSTILE = ("[x](https://evil.example)", "![i](https://evil.example/i.png)", "@octocat", "@org/team",
           "#12", "<img src=x>", "a|b", "`code`", "**bold**", "[a]: https://evil.example",
           "www.evil.example", "GH-12", "!34", "\\[x](y)", "&#64;octocat", "<!-- -->")  # fmt: skip
FORMS = ("markdown", "github", "sarif", "junit", "csv", "hf-card", "table", "ndjson")


def test_a_name_is_nothing_but_text_in_markdown(carbonctl):
    from markdown_it import MarkdownIt

    form = (*FEW, "-f", "json")
    one = json.loads(carbonctl("train", BLOOM, *form).out)
    both = json.loads(carbonctl("compare", BLOOM, CHAT, *form).out)
    for name in HOSTILE:
        one |= {"name": name, "title": f"{name}: bloom"}
        both["scenarios"] = [side | {"name": name, "title": name} for side in both["scenarios"]]
        for data in (one, both):
            ran = carbonctl("report", "-", "-f", "markdown", stdin=json.dumps(data))
            is_plain(ran, name)
        assert MarkdownIt().renderInline(escape_cell(name)).replace("\u200b", "") == (
            name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        )
    words = ("--set", f"name={json.dumps(' '.join(HOSTILE))}", *FEW, "-f", "markdown")
    is_plain(carbonctl("train", BLOOM, *words), "all of them")
    is_plain(carbonctl("compare", BLOOM, CHAT, *words), "all of them")
    is_plain(carbonctl("diff", BLOOM, CHAT, *FEW, "-f", "markdown"), "names of files")


def is_plain(ran, name):
    """Markdown in which a name makes no link, image, mention, markup or HTML."""
    from markdown_it import MarkdownIt

    assert ran.code == 0, ran.err
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(ran.out)
    assert not re.search(r"<(a|img|code|em)\b", html), name
    assert len(re.findall(r"<!--", html)) == 1, name
    plain = ran.out.replace("&#8203;", "\u200b")
    assert not re.search(r"[@#](?=\w)|(?<!\w)!(?=\w)|\bwww\.|https?:|GH-", plain), name


@for_each("name", ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", " =1", "\t=1"])
def test_a_name_is_no_formula_in_csv(name, carbonctl):
    ran = carbonctl("train", BLOOM, *FEW, "--set", f"name={json.dumps(name)}", "-f", "csv")
    assert ran.code == 0, ran.err
    for row in csv.reader(io.StringIO(ran.out)):
        assert not [text for text in row if text.lstrip().startswith(("=", "+", "-", "@"))]


def test_a_name_with_a_line_break_adds_no_key_to_a_card(carbonctl):
    words = ("--set", 'site.region="x\\u2028license: evil"')
    ran = carbonctl("train", BLOOM, *FEW, *words, "-f", "hf-card")
    assert "\u2028" not in ran.out


def test_a_message_of_sarif_holds_no_link():
    from carbonctl.report.ci.findings import Finding
    from carbonctl.report.ci.sarif import _result

    found = Finding("CC307", "about", "warning", "see [here](https://evil.example)", "x")
    text = _result(found, 0)["message"]["text"]
    assert text == "see \\[here\\](https://evil.example)"


def test_the_shell_is_offered_every_format():
    assert complete.formats("") == list(FORMATS)
    assert complete.formats("s") == ["sarif", "sci"]


def test_a_misspelled_metric_is_one_before_its_unit_is_read(carbonctl, tmp_path):
    path = tmp_path / "policy.yaml"
    for metric, limit in (
        ("total_kgco2", "40 t"),
        ("watr_l", "40 t"),
        ("facility_energy", "5 kWh"),
    ):
        rule = f"  - {{id: cap, metric: {metric}, max: {limit}}}"
        path.write_text(f"schema: carbonctl/policy/v1\nrules:\n{rule}\n", encoding="utf-8")
        for words in (("validate", path), ("gate", CHAT, "--policy", path, *FEW)):
            ran = carbonctl(*words)
            assert ran.code == 3
            assert re.findall(r"error\[(\w+)\]", ran.err) == ["CC606"]


def test_an_edited_comparison_is_refused(carbonctl):
    data = json.loads(carbonctl("compare", BLOOM, CHAT, *FEW, "-f", "json").out)
    data["scenarios"][1]["breakdown"][0]["value"] += 1.0
    ran = carbonctl("report", "-", "-f", "csv", stdin=json.dumps(data))
    assert (ran.code, ran.out) == (3, "")
    assert "error[CC704]" in ran.err


def test_a_comparison_of_an_older_version_still_renders(carbonctl):
    data = json.loads(carbonctl("compare", BLOOM, CHAT, *FEW, "-f", "json").out)
    for scenario in data["scenarios"]:
        for key in ("total", "breakdown", "energy"):
            del scenario[key]
    for form in ("table", "markdown", "csv"):
        assert carbonctl("report", "-", "-f", form, stdin=json.dumps(data)).code == 0
    found = read(carbonctl("report", "-", "-f", "csv", stdin=json.dumps(data)).out)
    for table in found.values():
        leaves = [float(row["value"]) for row in table if row["leaf"] == "True"]
        assert math.fsum(leaves) == pytest.approx(float(table[-1]["value"]), rel=1e-12)


def test_a_note_never_steers_the_terminal_of_explain(carbonctl):
    words = ("--set", 'site.grid={value: 0.1 kg/kWh, note: "a\\e[31mb"}')
    ran = carbonctl("explain", BLOOM, *words, *FEW)
    assert "\x1b" not in ran.out + ran.err


def test_the_carbon_of_a_request_is_explained_as_the_table_shows_it_first(carbonctl):
    metrics = json.loads(carbonctl("lifecycle", CHAT, *FEW, "--json").out)["metrics"]
    said = json.loads(carbonctl("explain", CHAT, "--of", "per request", *FEW, "--json").out)
    assert said["value"] == metrics["infer.per_request_kgco2e"]["value"]


def test_a_break_even_that_may_never_come_is_told_whole(carbonctl):
    words = ("--old", "a100-sxm4-80gb:8", "--new", "h100-sxm", "--region", "SE")
    out = carbonctl("refresh", *words, "--samples", "200").out
    assert "> 2." in out.split("per kWh")[1]
    assert "\u2026" not in out
