"""Bills of materials: chips, memory, racks, clusters, buildings, and nothing counted twice."""

from pathlib import Path

import pytest

GPU = "embodied: {{fab: {fab}, parts: [{{chip: {{dies: [{{area: 814 mm2, node: n4}}]}}}}]}}\n"


@pytest.fixture
def made(result, tmp_path):
    """Manufacturing of a scenario text, and its parts by id."""

    def of(text):
        path = tmp_path / "item.yaml"
        path.write_text(text, encoding="utf-8")
        data = result("embodied", str(path))
        (line,) = [n for n in data["breakdown"] if n["id"] == "manufacturing"]
        assert line["value"] == pytest.approx(sum(c["value"] for c in line["children"]))
        children = {c["id"].removeprefix("manufacturing."): c["value"] for c in line["children"]}
        return line["value"], children

    return of


def subject(result, name, *argv):
    data = result("embodied", *argv, "--set", f"embodied.subject={name}")
    return data, {n["id"]: n for n in data["breakdown"]}


def test_every_yield_model_can_be_chosen(made):
    kg = {
        model: made(GPU.format(fab=f"{{yield: {{by: {model}}}}}"))[0]
        for model in ("murphy", "poisson", "negative-binomial", "fixed")
    }
    assert kg["fixed"] < kg["negative-binomial"] < kg["murphy"] < kg["poisson"]
    assert kg["poisson"] / kg["fixed"] == pytest.approx(0.875 / 0.443, rel=0.01)


def test_the_fab_s_grid_and_abatement_count_by_act_s_method(made):
    def kg(grid, abatement):
        return made(GPU.format(fab=f"{{method: act, grid: {grid}, abatement: {abatement} %}}"))[0]

    assert kg("40 g/kWh", 97) < 0.5 * kg("820 g/kWh", 97)
    assert kg("400 g/kWh", 99) < kg("400 g/kWh", 97) < kg("400 g/kWh", 95)


def test_edge_and_saw_streets_can_be_ignored(made):
    counted, ignored = (
        made(GPU.format(fab=f"{{edge: {word}}}"))[0] for word in ("counted", "ignored")
    )
    assert 1.05 < counted / ignored < 1.5  # a reticle-size die loses a third of the wafer


def test_chiplets_of_two_nodes_with_all_that_joins_them(made):
    dies = "dies: [{count: 8, area: 115 mm2, node: n5}, {count: 4, area: 370 mm2, node: n6}]"
    bare, _ = made(f"embodied: {{parts: [{{chip: {{{dies}}}}}]}}\n")
    for extra in ("interposer: 36 cm2", "bridges: 8", "redistribution: 36 cm2", "packages: 1"):
        more, _ = made(f"embodied: {{parts: [{{chip: {{{dies}, {extra}}}}}]}}\n")
        assert more > bare, extra
    worse, _ = made(f"embodied: {{parts: [{{chip: {{{dies}, assembly_yield: 49.25 %}}}}]}}\n")
    assert worse == pytest.approx(2 * bare)


@pytest.mark.parametrize(
    "fab", ["{method: act, grid: 583 g/kWh}", "{yield: {by: poisson}}", "{edge: ignored}"]
)
def test_bridges_are_made_by_the_method_in_force(made, fab):
    """A bridge is a die of 25 mm2: by ACT 8 are 2 cm2 x (0.583 x 1.2 + 0.15 + 0.5) / 0.875."""
    bridges, die = "bridges: 8", "{count: 8, area: 25 mm2, node: n20}"
    one = "{area: 115 mm2, node: n5}"

    def kg(chip):
        return made(f"embodied: {{fab: {fab}, parts: [{{chip: {{{chip}}}}}]}}\n")[0]

    joined = kg(f"dies: [{one}], {bridges}")
    assert joined == pytest.approx(kg(f"dies: [{one}, {die}]"))
    if "act" in fab:
        assert joined - kg(f"dies: [{one}]") == pytest.approx(3.085, abs=0.001)


def test_memory_of_each_generation_has_its_own_figure(made):
    def kg(entry):
        return made(f"embodied: {{parts: [{{{entry}, amount: 100 GB}}]}}\n")[0]

    assert kg("memory: hbm3e") < kg("memory: hbm3") < kg("memory: hbm2")
    assert kg("memory: gddr6") < kg("memory: gddr5x")
    assert kg("dram: ddr5-rdimm") < kg("dram: ddr4-rdimm") < kg("dram: ddr3-rdimm")
    assert kg("memory: lpddr5x") < kg("dram: ddr5-rdimm")
    assert kg("ssd: nvme-tlc-2022") < kg("ssd: ssd-2017") < kg("ssd: ssd-2016")


def test_more_modules_of_the_same_capacity_have_more_boards(made):
    few, many = (
        made(f"embodied: {{parts: [{{dram: ddr5-rdimm, count: {n}, amount: {1024 // n} GB}}]}}\n")[
            0
        ]
        for n in (8, 32)
    )
    assert many - few == pytest.approx(24 * 5.22)


def test_network_and_metal_are_parts(made):
    _, kg = made(
        "embodied:\n  parts:\n    - {network: switch-400g-port, count: 64}\n"
        "    - {network: optic-400g, count: 2}\n    - {network: link}\n    - {nic: 400g}\n"
        "    - {part: rack}\n    - {part: steel-chassis, count: 2, mass: 14 kg}\n"
    )
    assert list(kg.values()) == pytest.approx([640, 12, 3, 25, 500, 67.2])


def test_a_published_figure_is_used_as_it_stands_at_its_boundary(result, tmp_path):
    path = tmp_path / "item.yaml"
    path.write_text(
        "embodied:\n  parts:\n    - {boundary: baseboard, "
        "published: {value: 1312 kg, source: nvidia-hgx-h100-pcf-2025}}\n"
        "    - {cpu: xeon-platinum-8480c, count: 2}\n",
        encoding="utf-8",
    )
    data = result("embodied", str(path))
    (line,) = [n for n in data["breakdown"] if n["id"] == "manufacturing"]
    board, cpus = line["children"]
    assert (board["value"], board["tier"]) == (1312, "published")
    assert (cpus["tier"], cpus["value"] > 50) == ("modeled", True)


def test_a_published_server_replaces_its_parts_and_shows_ours(result, carbonctl, tmp_path):
    (tmp_path / "servers").mkdir()
    text = (
        "name: Own R740\nvendor: Dell\naccelerators: 0\ncpu: intel-xeon-gold-6148\ncpus: 2\n"
        "dram: {value: 384 GB, source: dell-r740-lca-2019}\ndram_type: ddr4-rdimm\n"
        "mass: {value: 26.3 kg, source: dell-r740-lca-2019}\n"
        "embodied: {value: 909 kgCO2e, source: dell-r740-lca-2019%s}\n"
    )
    for name, boundary in (("own-r740", ", boundary: machine"), ("bare-r740", "")):
        (tmp_path / "servers" / f"{name}.yaml").write_text(text % boundary, encoding="utf-8")
    data = result("embodied", "--server", "own-r740", "--hardware-db", str(tmp_path))
    (line,) = [n for n in data["breakdown"] if n["id"] == "manufacturing"]
    assert (line["value"], line["tier"]) == (909, "published")
    (ours,) = line["comparators"]
    assert ours["source"] == "carbonctl-embodied-fit"
    assert ours["gap"] == pytest.approx(909 / ours["kgco2e"] - 1)
    ran = carbonctl("embodied", "--server", "bare-r740", "--hardware-db", str(tmp_path))
    assert (ran.code, "CC206" in ran.err, "names no boundary" in ran.err) == (3, True, True)


def test_a_rack_is_its_machines_and_an_empty_rack(result):
    one = result("embodied", "--server", "dgx-h100")["metrics"]["manufacturing_kgco2e"]["value"]
    data, nodes = subject(result, "rack", "--server", "dgx-h100")
    held, empty, switches, links = nodes["manufacturing"]["children"]
    assert held["value"] == pytest.approx(5 * one)  # 42 units over 8
    assert empty["value"] == 500
    assert switches["value"] == pytest.approx(5 * 10 * 10)  # a port for each of ten cards
    assert links["value"] == pytest.approx(5 * 10 * 3)
    assert "switches of the rack" not in data["coverage"]["not_estimated"]
    _, two = subject(result, "rack", "--server", "dgx-h100", "--set", "embodied.per_rack=2")
    assert two["manufacturing"]["children"][0]["value"] == pytest.approx(2 * one)


@pytest.mark.parametrize("servers", [4, 5, 40])
def test_a_line_of_several_racks_says_how_many_machines_it_is_of(servers, result):
    """A rack holds five; what the line holds is the machines that were asked for."""
    _, one = subject(result, "rack", "--server", "dgx-h100")
    _, nodes = subject(result, "rack", "--server", f"dgx-h100:{servers}")
    line, whole = (n["manufacturing"]["children"][0] for n in (nodes, one))
    assert line["label"] == f"{servers} x NVIDIA DGX H100"
    assert line["value"] == pytest.approx(whole["value"] / 5 * servers)


def test_a_rack_of_trays_holds_a_body_for_each(result):
    _, nodes = subject(result, "rack", "--server", "gb200-nvl72")
    (machine, empty) = nodes["manufacturing"]["children"]
    assert empty["value"] == 500
    assert 20_000 < machine["value"] < 80_000


def test_a_cluster_is_its_machines_racks_and_network(result):
    one = result("embodied", "--server", "dgx-h100")["metrics"]["manufacturing_kgco2e"]["value"]
    _, nodes = subject(result, "cluster", "--server", "dgx-h100", "--set", "hardware.count=64")
    machines, racks, fabric = nodes["manufacturing"]["children"]
    assert machines["value"] == pytest.approx(8 * one)
    assert racks["value"] == pytest.approx(500 * 8 * 8 / 42)
    assert fabric["value"] == pytest.approx(64 * 60)


def test_a_datacenter_is_a_cluster_and_its_building(result):
    argv = ("--server", "dgx-h100", "--set", "hardware.count=64")
    cluster, _ = subject(result, "cluster", *argv)
    data, nodes = subject(result, "datacenter", *argv)
    building = nodes["construction"]["value"]
    # 8 machines of 10.2 kW, two thirds loaded for 20 years.
    assert building == pytest.approx(8 * 10.2 * 0.67 * 20 * 67)
    assert data["total_kgco2e"] == pytest.approx(cluster["total_kgco2e"] + building)
    assert "datacenter construction" not in data["coverage"]["not_estimated"]


def test_a_building_by_its_parts(result):
    said = (
        "{life: 30 y, shell: 5000 m2, ups: 12 MW, batteries: 5 MWh, gensets: 12 MW, cooling: 11 MW}"
    )
    _, nodes = subject(result, "datacenter", "--set", f"embodied.datacenter={said}")
    parts = {c["id"].split(".")[-1]: c["value"] for c in nodes["construction"]["children"]}
    assert parts == pytest.approx({
        "shell": 5_000 * 900, "ups": 2 * 12_000 * 40, "batteries": 2 * 5_000 * 61.5,
        "gensets": 2 * 12_000 * 30, "cooling": 2 * 11_000 * 120,
    })  # fmt: skip


def test_a_building_alone_has_no_hour_of_a_device(carbonctl, result, tmp_path):
    path = tmp_path / "building.yaml"
    said = "embodied: {subject: datacenter, datacenter: {life: 30 y, shell: 5000 m2}}\n"
    path.write_text(said, encoding="utf-8")
    assert "embodied_kgco2e_per_hour" not in result("embodied", str(path))["metrics"]
    out = carbonctl("embodied", path).out
    assert "device-hour" not in out
    assert "explain FILE --of construction" in out
    assert carbonctl("explain", path, "--of", "construction").code == 0


def test_a_device_is_published_or_listed(result):
    data, nodes = subject(result, "device", "--set", "embodied.device=apple-iphone-14-128gb")
    assert nodes["manufacturing"]["value"] == 48.2
    assert nodes["manufacturing"]["tier"] == "published"
    assert "transport, end of life" in data["coverage"]["not_estimated"]


def test_a_cpu_has_dies_package_and_cooler(made):
    kg, _ = made("embodied: {parts: [{cpu: epyc-7742}]}\n")
    assert kg == pytest.approx(40.66, rel=0.3)  # a published figure of this CPU, read second-hand


def test_a_cpu_of_undisclosed_dies_says_what_it_stands_on(result, tmp_path):
    path = tmp_path / "item.yaml"
    path.write_text("embodied: {parts: [{cpu: xeon-6776p}]}\n", encoding="utf-8")
    data = result("embodied", str(path))
    notes = [fact["note"] for key, fact in data["facts"].items() if "area" in key]
    assert any("not disclosed" in note for note in notes), notes


@pytest.mark.parametrize(
    ("boundary", "host"), [("module", True), ("tray", True), ("machine", False)]
)
def test_a_published_accelerator_replaces_what_lies_in_its_boundary(
    result, tmp_path, boundary, host
):
    bundled = Path(__file__).parents[2] / "hardware_db" / "accelerators" / "nvidia-l40s.yaml"
    (tmp_path / "accelerators").mkdir()
    own = f"embodied: {{value: 100 kgCO2e, source: act-2022, boundary: {boundary}}}\n"
    text = bundled.read_text(encoding="utf-8") + own
    (tmp_path / "accelerators" / "nvidia-l40s.yaml").write_text(text, encoding="utf-8")
    data = result("embodied", "--server", "l40s-8-pcie", "--hardware-db", str(tmp_path))
    (line,) = [n for n in data["breakdown"] if n["id"] == "manufacturing"]
    ids = [c["id"] for c in line["children"]]
    assert ids[0] == "manufacturing.accelerators"
    assert line["children"][0]["value"] == 800
    assert ("manufacturing.mainboard" in ids) is host


def test_a_tray_is_compared_with_our_module_and_says_so(result):
    data = result("embodied", "--gpu", "tpu-v5p")
    (line,) = [n for n in data["breakdown"] if n["id"] == "manufacturing"]
    (ours,) = [c for c in line["comparators"] if c["source"] == "carbonctl-embodied-fit"]
    assert "the figure is of the tray" in ours["note"]
