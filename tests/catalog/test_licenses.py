"""Where the data comes from, and under which terms: no table under AGPL is restated."""

import json
import re
import tomllib

import pytest
from scenarios import ROOT
from tables import for_each

from carbonctl.catalog import licenses
from carbonctl.catalog.check import check_catalog
from carbonctl.catalog.locate import bundled_folder
from carbonctl.catalog.read import Catalog

BASE = bundled_folder("hardware_db")
CLOUD = list(Catalog((BASE,)).table("instances/cloud.csv"))
README = (BASE / "README.md").read_text(encoding="utf-8")


def broken(folder):
    """What hw check says of the base under an own folder."""
    return [str(problem.message) for problem in check_catalog(Catalog((folder, BASE)))[1]]


def test_no_instance_cites_a_license_that_reaches_it():
    sources = Catalog((BASE,)).sources()
    assert not [r for r in CLOUD if licenses.is_restrictive(sources[r["source"]].get("license"))]


def test_instances_of_the_large_clouds_are_read_in_the_providers_own_pages():
    pages = {"aws": "aws-instance-types", "gcp": "google-compute-gpu-docs",
             "azure": "azure-gpu-sizes"}  # fmt: skip
    read = [r for r in CLOUD if r["source"] == pages.get(r["provider"])]
    assert len(read) >= 73 + 25
    others = {r["source"] for r in CLOUD if r["provider"] in pages} - set(pages.values())
    assert others == {"recalled-vendor-documents", "gpuhunt-gcp"}
    assert all(r["source"] == pages["azure"] for r in CLOUD if r["provider"] == "azure")
    for source in pages.values():
        locator = str(Catalog((BASE,)).sources()[source]["locator"])
        assert re.search(r"as stored|stored on \d{4}-\d\d-\d\d|page dates \d{4}", locator)


def test_an_instance_says_what_was_read_and_nothing_else():
    for row in CLOUD:
        assert float(row["accelerators"]) > 0, row
        for column in ("vcpu", "ram_gib"):
            assert row[column] == "" or float(row[column]) > 0, row
    (unread,) = [r for r in CLOUD if r["instance"] == "a3-ultragpu-8g"]
    assert (unread["vcpu"], unread["ram_gib"], unread["local_ssd_gb"]) == ("", "", "")
    assert (unread["accelerator"], unread["accelerators"]) == ("nvidia-h200-sxm", "8")


FAMILIES = {
    "aws:p3.16xlarge": 8, "aws:p3dn.24xlarge": 8, "aws:p4d.24xlarge": 8, "aws:p4de.24xlarge": 8,
    "aws:p5.48xlarge": 8, "aws:p5en.48xlarge": 8, "aws:p6-b200.48xlarge": 8, "aws:g4dn.12xlarge": 4,
    "aws:g5.xlarge": 1, "aws:g5g.16xlarge": 2, "aws:g6.48xlarge": 8,
    "aws:g6e.12xlarge": 4, "azure:Standard_ND96asr_v4": 8, "azure:Standard_ND96isr_H100_v5": 8,
    "azure:Standard_NC96ads_A100_v4": 4, "azure:Standard_NV72ads_A10_v5": 2,
    "gcp:a2-highgpu-8g": 8, "gcp:a2-megagpu-16g": 16, "gcp:a3-highgpu-8g": 8,
    "gcp:a3-ultragpu-8g": 8, "gcp:a4-highgpu-8g": 8, "gcp:g2-standard-24": 2, "gcp:v3-8": 4,
    "gcp:v4-8": 4, "gcp:v5litepod-8": 8, "gcp:v5p-8": 4, "gcp:v6e-8": 8,
}  # fmt: skip


def test_a_member_of_each_family_trains(carbonctl):
    for name, held in FAMILIES.items():
        words = ("--instance", f"{name}:2", "--days", "1", "--region", "aws:us-east-1")
        # The later slices have no known power in training, and say so.
        power = ("--set", "train.power={value: 150 W, scope: gpu}") if ":v" in name else ()
        done = carbonctl("train", *words, *power, "-f", "json", "--samples", "0")
        assert done.code == 0, (name, done.err)
        hours = json.loads(done.out)["metrics"]["train.accelerator_hours"]["value"]
        assert hours == pytest.approx(24 * 2 * held), name


SLIPS = {
    "a fact of a record": (
        "parts/rack.yaml",
        "name: Rack\nembodied: {value: 500 kgCO2e, source: boaviztapi-2.5.0}\n",
        "parts/rack:embodied: cites boaviztapi-2.5.0 under AGPL-3.0",
    ),
    "a row of a table": (
        "instances/cloud.csv",
        ",".join(CLOUD[0]) + "\naws,p9.metal,nvidia-l4,1,4,16,0,,,boaviztapi-2.5.0,,\n",
        "instances/cloud:p9.metal: cites boaviztapi-2.5.0",
    ),
    "a default": (
        "defaults.yaml",
        "grid_band: {value: 1.5, source: boaviztapi-2.5.0, range: [1.2, 2]}\n",
        "defaults:grid_band: cites boaviztapi-2.5.0",
    ),
    "a row that says so": (
        "grids/ember.csv",
        (
            "zone,name,level,year,gco2e_per_kwh,coverage,kind,source,license,mark,note\n"
            "XX,Nowhere,zone,2030,400,lifecycle,generation,ember-yearly-2025,CC-BY-NC-4.0,,\n"
        ),
        "grids/ember:XX: is under CC-BY-NC-4.0",
    ),
    "an entry that nothing needs": (
        "licenses.yaml",
        "single_facts: {boaviztapi-2.5.0: [parts/rack:embodied]}\n",
        "licenses.yaml: parts/rack:embodied cites nothing",
    ),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_citation_that_no_list_allows_is_found(slip, tmp_path):
    path, text, message = SLIPS[slip]
    (tmp_path / path).parent.mkdir(exist_ok=True)
    (tmp_path / path).write_text(text, encoding="utf-8")
    assert [said for said in broken(tmp_path) if said.startswith(message)]


@pytest.mark.parametrize(
    "text", ["a: 1\n", "[]\n", "single_facts: [x]\n", "single_facts: {a: b}\n"]
)
def test_a_list_of_another_form_is_an_error(text, tmp_path, carbonctl):
    (tmp_path / "licenses.yaml").write_text(text)
    done = carbonctl("hw", "check", "--hardware-db", tmp_path)
    assert done.code == 6
    assert "single_facts maps sources to places" in re.sub(r"\s+", " ", done.err)


def test_an_own_source_of_such_terms_is_found_at_its_line(tmp_path):
    (tmp_path / "sources.yaml").write_text("mine: {title: Mine, license: GPL-3.0-or-later}\n")
    (tmp_path / "cpus").mkdir()
    (tmp_path / "cpus/mine.yaml").write_text("name: Mine\ntdp: {value: 9 W, source: mine}\n")
    (problem,) = check_catalog(Catalog((tmp_path, BASE)))[1]
    assert "cpus/mine:tdp: cites mine under GPL-3.0-or-later" in problem.message
    assert (problem.code, problem.mark.line) == ("CC402", 2)


@pytest.mark.parametrize("terms", ["AGPL-3.0", "LGPL-2.1", "GNU Affero GPL", "CC-BY-NC-SA-4.0"])
def test_terms_that_reach(terms):
    assert licenses.is_restrictive(terms)


@for_each("terms", [None, "", "MIT", "ODbL-1.0", "CC-BY-4.0", "US public domain"])
def test_terms_that_do_not(terms):
    assert not licenses.is_restrictive(terms)


def test_the_readme_of_the_data_names_every_single_fact():
    told = re.sub(r"\s+", " ", README.partition("### Single facts")[2])
    listed = licenses.load_allowlist(Catalog((BASE,)))
    assert sum(map(len, listed.values())) == 21
    for source, places in listed.items():
        assert source in README
        for place in places:
            where, _, what = place.partition(":")
            in_table = (BASE / f"{where}.csv").is_file()
            assert (what if in_table else f"`{where}.yaml`") in told, place


def test_the_notice_names_every_part_of_the_license_expression():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    parts = project["license"].split(" AND ")
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    assert project["license"] in notice
    for part in parts:
        text = ROOT / ("LICENSE" if part == "Apache-2.0" else f"LICENSES/{part}.txt")
        assert len(text.read_text(encoding="utf-8")) > 1000
        assert f"\n{part}, {text.relative_to(ROOT).as_posix()}\n" in notice
    rows = {r["license"] for r in Catalog((BASE,)).table("published/embodied.csv")} - {""}
    for name in ("ember", "electricity-maps", "provinces"):
        rows |= {r["license"] for r in Catalog((BASE,)).table(f"grids/{name}.csv")}
    assert {terms for terms in rows if re.fullmatch(r"[\w.-]+", terms)} <= set(parts)
    for path in re.findall(r"hardware_db/[\w./-]+\w", notice):
        assert (ROOT / path).exists(), path
