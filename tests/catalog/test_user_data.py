"""A folder of the user's own is held to what its values can be, when a file of it is read."""

import shutil

from tables import for_each

from carbonctl.catalog.check import KINDS, TABLES
from carbonctl.catalog.locate import bundled_folder
from carbonctl.catalog.read import ALIASES, Catalog, default_names

MEMORY = "memory: {value: 80 GB, source: u}\nbandwidth: {value: 1 TB/s, source: u}\n"
HEAD = f"name: Mine\n{MEMORY}peak_bf16: {{value: 100 TFLOP/s, source: u}}\n"
GOOD = "tdp: {value: 700 W, source: u, range: [600, 800]}\n"
TRAIN = ("train", "--days", "1", "--samples", "0", "-q", "--gpu")
DEVICES = [
    "tdp: {value: -700 W, source: u}",
    "tdp: {value: 0 W, source: u}",
    "tdp: {value: nan W, source: u}",
    "tdp: {value: .inf, source: u}",
    "tdp: {value: 700 W, source: u, range: [-1, 800]}",
    "tdp: {value: 700 W, source: u, range: [0, 800]}",
    "tdp: {value: 700 W, source: u, range: [800, 600]}",
    "tdp: {value: 700 W, source: u, range: [600, nan]}",
    "tdp: {value: -700 W, source: u, shape: signed, range: [-800, -600]}",
    "tdp: {value: 0.7 kW, source: u, unit: kW}",
    f"{GOOD}embodied: {{value: -164 kgCO2e, source: u, boundary: module}}",
    f"{GOOD}idle_share: 1.2",
    f"{GOOD}transistors_billion: -80",
    f"{GOOD}dies: [{{count: -1, area: {{value: 814 mm2, source: u}}, node: n4}}]",
    f"{GOOD}dies: [{{count: 1, area: {{value: -814 mm2, source: u}}, node: n4}}]",
]
DEFAULTS = [
    "goodput: {value: 1.5, source: u}",
    "goodput: {value: -0.1, source: u}",
    "goodput: {value: 0.8, range: [0.7, 1.1], source: u}",
    "goodput: {value: nan, source: u}",
    "goodput: {value: 0.8, shape: signed, source: u}",
    "home_pue: {value: 0.9, source: u}",
    "lifetime: {value: -5 y, unit: h, source: u}",
    "lifetime: {value: 0 y, unit: h, source: u}",
    "lifetime: {value: 5 y, unit: s, source: u}",
    "goodputt: {value: 0.8, source: u}",
]
GRID = ("zone,name,level,year,gco2e_per_kwh,coverage,kind,source,license,mark,note",
        "XX,X,zone,2025,{},{},consumption,s,l,,")  # fmt: skip
COLUMNS = (
    "provider,region,place,iso3,zone,open_zone,egrid,pue,pue_year,wue_l_per_kwh,wue_year,"
    "cfe_share,cfe_year,provider_gco2e_per_kwh,provider_year,provider_source,facility_source,note"
)
WATER = ("zone,name,level,ewif_l_per_kwh,year,source,mark", "NO,N,z,{},2022,s,")
SHARE = (
    "zone,direct_gco2e_per_kwh,lifecycle_gco2e_per_kwh,year,coverage,source,license,mark,note",
    "NO,{},{},2024,direct and lifecycle,s,l,,",
)
NO_NUMBERS = ("-5", "0", "nan", "inf", "five", "")
REGION = (
    COLUMNS,
    "me,here,P,NOR,NO,NO,,{},2024,{},2024,{},2024,{},2024,s,s,",
)
TABLES_OF = [
    *(("grids/electricity-maps", GRID, (v, "lifecycle")) for v in NO_NUMBERS),
    ("grids/ember", GRID, ("300", "green")),
    ("grids/egrid", GRID, ("-300", "direct")),
    ("grids/provinces", GRID, ("1e999", "lifecycle")),
    *(("grids/regions", REGION, (v, "0.1", "0.5", "9")) for v in ("0.9", "nan", "-1.1", "x")),
    ("grids/regions", REGION, ("1.1", "-0.1", "0.5", "9")),
    ("grids/regions", REGION, ("1.1", "0.1", "1.5", "9")),
    ("grids/regions", REGION, ("1.1", "0.1", "0.5", "-9")),
    ("grids/direct_share", SHARE, ("-1", "300")),
    ("grids/direct_share", SHARE, ("200", "0")),
    ("water/intensity", WATER, ("-2",)),
    ("aliases", ("spelling,id", "big,{}"), ("nvidia-h999",)),
    ("aliases", ("spelling,id", "big,{}"), ("nvidia-p40,more",)),
]  # fmt: skip


def wrote(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@for_each("line", DEVICES)
def test_a_record_with_a_value_that_cannot_be_ends_with_3(line, carbonctl, tmp_path):
    wrote(tmp_path, "accelerators/mine.yaml", f"{HEAD}{line}\n")
    ran = carbonctl(*TRAIN, "mine:8", "--region", "NO", "--hardware-db", tmp_path)
    assert (ran.code, ran.out) == (3, ""), ran.err
    assert "mine.yaml:" in ran.err
    assert "error[CC402]: accelerators/mine:" in ran.err


def test_a_record_with_values_that_can_be_is_estimated(carbonctl, tmp_path):
    embodied = "embodied: {value: 160 kgCO2e, source: u, boundary: module}\n"
    wrote(tmp_path, "accelerators/mine.yaml", HEAD + GOOD + embodied)
    host = ("--set", "embodied.host=900 kg")
    ran = carbonctl(*TRAIN, "mine:8", "--region", "NO", "--hardware-db", tmp_path, *host)
    assert ran.code == 0, ran.err


@for_each("line", DEFAULTS)
def test_a_default_that_cannot_be_ends_with_3_though_nothing_uses_it(line, carbonctl, tmp_path):
    wrote(tmp_path, "defaults.yaml", f"{line}\n")
    ran = carbonctl(*TRAIN, "h100-sxm:8", "--region", "NO", "--hardware-db", tmp_path)
    assert (ran.code, ran.out) == (3, ""), ran.err
    assert f"{tmp_path / 'defaults.yaml'}:1:" in ran.err
    assert "error[CC402]" in ran.err


def test_an_own_default_keeps_unit_and_shape_of_the_bundled_one(tmp_path):
    text = "goodput: {value: 0.9, source: u}\nlifetime: {value: 1 y, source: u}\n"
    wrote(tmp_path, "defaults.yaml", text)
    catalog, ours = Catalog.open(str(tmp_path)), Catalog.open()
    for name in ("goodput", "lifetime"):
        own, base = catalog.default(name), ours.default(name)
        assert (own.unit, own.shape) == (base.unit, base.shape)
    assert catalog.default("lifetime").value == 8760


@for_each("name, lines, cells", TABLES_OF)
def test_a_row_with_a_cell_that_cannot_be_ends_with_3(name, lines, cells, carbonctl, tmp_path):
    head, row = lines
    wrote(tmp_path, f"{name}.csv", f"{head}\n{row.format(*cells)}\n")
    gpu = "big:8" if name == "aliases" else "h100-sxm:8"
    region = "me:here" if name == "grids/regions" else "NO"
    ran = carbonctl(*TRAIN, gpu, "--region", region, "--hardware-db", tmp_path)
    assert (ran.code, ran.out) == (3, ""), ran.err
    assert f"{tmp_path / name}.csv:2:1: error[CC402]" in ran.err


def test_a_copy_of_everything_bundled_is_no_problem(tmp_path):
    shutil.copytree(bundled_folder("hardware_db"), tmp_path / "own")
    catalog = Catalog.open(str(tmp_path / "own"))
    for kind in KINDS:
        for name in catalog.ids(kind):
            catalog.record(kind, name)
    for name in (*TABLES, "grids/regions", "grids/countries"):
        assert list(catalog.table(f"{name}.csv"))
    assert all(catalog.default(name) for name in default_names(catalog))
    assert all(catalog.aliases(kind) for kind in ALIASES)


def test_a_file_of_an_own_folder_is_no_place_for_a_result(carbonctl, tmp_path):
    wrote(tmp_path, "accelerators/mine.yaml", HEAD + GOOD)
    path = tmp_path / "accelerators/mine.yaml"
    words = (*TRAIN, "h100-sxm:8", "--region", "NO", "--hardware-db", tmp_path)
    table = tmp_path / "aliases.csv"
    table.write_text("spelling,id\nmine,mine\n", encoding="utf-8")
    assert carbonctl(*words, "-o", table).code == 3
    assert carbonctl(*words, "-o", path).code == 2  # no format ends in .yaml
    assert path.read_text(encoding="utf-8") == HEAD + GOOD


def test_a_file_of_an_own_folder_ends_at_4_mb(carbonctl, tmp_path):
    for name in ("defaults.yaml", "grids/regions.csv"):
        wrote(tmp_path / name[0], name, "#" * 4_000_001)
        words = (*TRAIN, "h100-sxm:8", "--region", "aws:us-east-1")
        ran = carbonctl(*words, "--hardware-db", tmp_path / name[0])
        assert ran.code == 3
        assert "error[CC005]: the file is larger than 4 MB" in ran.err
