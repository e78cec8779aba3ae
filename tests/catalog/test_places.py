"""One place, one number: every spelling of a country, state, zone or region leads to one place."""

from __future__ import annotations

import json

import pytest
from tables import for_each

from carbonctl.catalog import grids
from carbonctl.catalog.places import (
    canonical_place,
    find_place,
    names_to_id,
    place_key,
    place_names,
)
from carbonctl.catalog.read import AmbiguousName, Catalog, UnknownName
from carbonctl.catalog.zones import canonical_zones, load_countries, zones_by_name

CATALOG = Catalog.open()
# names that people, portals and logs use -> canonical id
MEANT = {
    "SE": "SE", "SWE": "SE", "swe": "SE", "Sweden": "SE", " sweden ": "SE",
    "UK": "GB", "U.K.": "GB", "United Kingdom": "GB", "GBR": "GB", "England, UK": "GB",
    "USA": "US", "U.S.A.": "US", "United States of America": "US", "US-TOTAL": "US",
    "Vietnam": "VN", "Viet Nam": "VN", "Turkey": "TR", "Türkiye": "TR", "Czech Republic": "CZ",
    "Korea": "KR", "Korea, Republic of": "KR", "Cote d'Ivoire": "CI", "Ivory Coast": "CI",
    "Chile": "CHL", "CL": "CHL", "Russian Federation": "RUS", "Puerto Rico": "PR", "US-PR": "PR",
    "California": "US-CA", "california, usa": "US-CA", "US-CA": "US-CA", "Texas": "US-TX",
    "Virginia": "US-VA", "Alaska": "US-AK", "state:US-AK": "US-AK", "Georgia, USA": "US-GA",
    "Austin, TX, USA": "US-TX", "San Francisco, CA": "US-CA", "Paris, Texas": "US-TX",
    "Washington, DC": "US-DC", "New York, NY, USA": "US-NY", "Atlanta, Georgia": "US-GA",
    "Tbilisi, Georgia": "GE", "Berlin, DE": "DE", "Paris, France": "FR", "Foo, Canada": "CA",
    "Toronto, Canada": "CA-ON", "Québec": "CA-QC", "Quebec": "CA-QC", "prov:CA-QC": "CA-QC",
    "Ontario": "CA-ON", "Karnataka": "IN-KA", "Bengaluru, Karnataka, India": "IN-KA",
    "CAISO": "US-CAL-CISO", "ERCOT": "US-TEX-ERCO", "PJM": "US-MIDA-PJM", "CAMX": "egrid-lc:CAMX",
    "London": "GB", "Ashburn": "US-MIDA-PJM", "Zürich": "CH", "Lulea": "SE-SE1",
    "East US": "azure:eastus", "eastus": "azure:eastus", "West Europe": "azure:westeurope",
    "AWS us-east-1": "aws:us-east-1", "amazon:us-east-1": "aws:us-east-1",
    "google/us-central1": "gcp:us-central1", "us-central1-a": "gcp:us-central1",
    "us-east-1a": "aws:us-east-1", "US East (N. Virginia)": "aws:us-east-1",
    "Canada (Central)": "aws:ca-central-1", "Canada Central": "azure:canadacentral",
    "aws Frankfurt": "aws:eu-central-1", "Europe": "Europe", "EU": "EU",
}  # fmt: skip


def test_a_name_that_people_use_leads_to_its_place():
    assert {name: canonical_place(CATALOG, name) for name in MEANT} == MEANT


def test_every_spelling_of_a_country_is_one_place_with_one_factor():
    for row in load_countries(CATALOG):
        codes = (row["iso2"], row["iso3"], row["iso3"].lower())
        places = {find_place(CATALOG, code) for code in codes}
        assert len(places) == 1, row
        if row["name"] != "Georgia":
            assert find_place(CATALOG, row["name"]) in places, row
        place = places.pop()
        used = grids.find_grid_row(CATALOG, place, "lifecycle")
        both = [r for r in grids.grid_rows(CATALOG) if r["zone"] == row["iso2"]]
        assert used is None or not both or used["source"] == "electricity-maps-2025", row


def test_every_id_and_every_other_name_leads_to_itself():
    known = place_names(CATALOG)
    assert [one for one in known if canonical_place(CATALOG, one) != one] == []
    assert {n: t for n, t in names_to_id(CATALOG).items() if t not in set(known)} == {}
    wrong = {}
    for name, target in names_to_id(CATALOG).items():
        for spelled in (name, name.upper(), name.replace(" ", "_")):
            if "(" not in name and "," not in name and canonical_place(CATALOG, spelled) != target:
                wrong[spelled] = target
    # a code or a row's own name goes before the same name of something else
    assert wrong == {}


def test_merged_zones_have_the_name_of_one_place():
    titles = {row["zone"]: place_key(row["name"]) for row in grids.grid_rows(CATALOG)}
    differ = {
        zone: same
        for zone, same in canonical_zones(CATALOG).items()
        if zone != same and not zone.startswith("egrid") and titles[zone] not in titles[same]
    }
    of_country = {zone for zone, same in differ.items() if same in iso2(zone)}
    assert set(differ) - of_country == {
        "US-TOTAL",
        "IN-TOTAL",
    }


def iso2(iso3):
    return {row["iso2"] for row in load_countries(CATALOG) if row["iso3"] == iso3}


@pytest.mark.parametrize(
    ("name", "choices"),
    [
        ("us-east-1", ["aws:us-east-1", "lambda:us-east-1"]),
        ("US_EAST_1", ["aws:us-east-1", "lambda:us-east-1"]),
        ("Georgia", ["GE", "US-GA"]),
        ("Springfield, IL", ["US-IL", "IL"]),
    ],
)
def test_a_name_of_several_places_lists_them(name, choices):
    with pytest.raises(AmbiguousName) as caught:
        find_place(CATALOG, name)
    assert caught.value.choices == choices


@for_each(
    "name",
    [
        "",
        ",",
        "Springfield",
        "South Island",
        "Virgin Islands",
        "XXX",
        "ibm:us-east-1",
        "aws:westeurope",
        "Grant County",
    ],
)
def test_a_name_of_no_place_is_unknown(name):
    with pytest.raises(UnknownName):
        find_place(CATALOG, name)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Turky", 'did you mean "TR"?'),
        ("Virgina", 'did you mean "US-VA"?'),
        ("aws:us-esat-1", "aws:us-east-1"),
        ("Springfield", ""),
    ],
)
def test_a_hint_needs_a_real_likeness(name, hint):
    with pytest.raises(UnknownName) as caught:
        find_place(CATALOG, name)
    assert hint in caught.value.hint()
    assert bool(hint) == bool(caught.value.hint())


def test_short_names_of_zones_are_of_one_zone_but_for_those_known_to_be_shared():
    shared = {name: ids for name, ids in zones_by_name(CATALOG).items() if len(ids) > 1}
    assert shared == {"georgia": ["GE", "US-GA"]}


def test_the_instance_says_whose_region_it_is(carbonctl):
    flags = ("--days", "10", "--samples", "0", "-f", "json")
    ran = carbonctl("train", "--instance", "aws:p5.48xlarge:2", "--region", "us-east-1", *flags)
    assert ran.code == 0
    assert '"regions/aws:us-east-1:pue"' in ran.out
    ran = carbonctl("train", "--gpu", "h100-sxm:8", "--region", "us-east-1", *flags)
    assert (ran.code, "CC106" in ran.err) == (3, True)


def test_spellings_of_a_country_give_one_number(carbonctl):
    flags = ("train", "--gpu", "h100-sxm:8", "--days", "10", "--samples", "100", "-f", "json")
    said = (json.loads(carbonctl(*flags, "--region", name).out) for name in ("SE", "SWE", "Sweden"))
    assert len({json.dumps(one["total"]) for one in said}) == 1


def test_what_is_assumed_of_a_place_is_a_warning(carbonctl):
    ran = carbonctl("train", "--gpu", "h100-sxm:8", "--days", "1", "--region", "England")
    assert ran.code == 0
    assert 'warning[CC106]: "England" is taken as GB' in ran.err


@pytest.mark.parametrize("name", ["FR", "FRA", "France"])
def test_grid_show_lists_the_rows_of_all_spellings(name, carbonctl):
    ran = carbonctl("grid", "show", name, "-f", "csv")
    zones = [line.split(",")[:2] for line in ran.out.splitlines()[1:]]
    assert zones == [["*", "FR"], ["", "FRA"]]


def test_grid_show_of_a_region_that_two_providers_have_is_an_error(carbonctl):
    for more in ((), ("-f", "json")):
        ran = carbonctl("grid", "show", "us-east-1", *more)
        assert ran.code == 3
        assert "CC106" in ran.out + ran.err
        assert "aws:us-east-1, lambda:us-east-1" in ran.out + ran.err


def test_an_overlay_replaces_a_region_an_alias_and_a_row(tmp_path):
    base, folder = CATALOG.roots[0] / "grids", tmp_path / "grids"
    folder.mkdir()

    def write(table, **cells):
        head = (base / table).read_text(encoding="utf-8").splitlines()[0]
        row = ",".join(cells.get(column, "") for column in head.split(","))
        (folder / table).write_text(f"{head}\n{row}\n", encoding="utf-8")

    write("regions.csv", provider="aws", region="us-east-1", place="Mine", iso3="USA", zone="US-CA")
    write("aliases.csv", name="London", target="CA-ON")
    write("ember.csv", zone="SWE", name="Sweden", year="2026", gco2e_per_kwh="5",
          coverage="lifecycle", source="mine")  # fmt: skip
    mine = Catalog.open(str(tmp_path))
    assert find_place(mine, "aws:us-east-1").zone == "US-CA"
    assert find_place(mine, "london").name == "CA-ON"
    fact = grids.carbon_intensity(mine, find_place(mine, "Sweden"), "lifecycle", 1.3)
    assert fact is not None
    assert (fact.value, fact.source) == (0.005, "mine")
