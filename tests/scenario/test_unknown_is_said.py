"""What is not known is named, never zero; what one unit costs follows the chosen basis."""

import pytest

SERVE = ("--region", "NO", "--samples", "0")


@pytest.mark.parametrize("basis", ["location", "market"])
def test_units_times_their_carbon_is_the_total_of_serving(basis, result, configs):
    words = ("infer", str(configs / "infer-chat-70b.yaml"), "--samples", "0")
    found = result(*words, "--set", "site.contracted_clean=60 %", "--accounting", basis)
    metrics = found["metrics"]
    each = metrics["infer.per_request_kgco2e"]["value"]
    units = metrics["infer.functional_units"]["value"]
    assert each * units == pytest.approx(found["total_kgco2e"])


def test_an_accelerator_without_a_known_host_takes_one_of_its_class_and_says_so(result):
    found = result("train", "--gpu", "nvidia-gh200-96gb:8", "--days", "1", *SERVE)
    messages = [entry["message"] for entry in found["warnings"] if entry["code"] == "CC304"]
    assert any("no server with NVIDIA GH200" in text for text in messages)
    assert "servers/archetype-superchip:dram" in found["facts"]
    assert not [key for key in found["coverage"]["not_estimated"] if key.startswith("host of")]


def test_a_device_of_no_class_of_hosts_stops_and_its_hint_works(carbonctl, result):
    words = ("train", "--gpu", "jetson-agx-xavier-32gb:8", "--days", "1", *SERVE)
    ran = carbonctl(*words)
    assert (ran.code, "CC304" in ran.err) == (3, True)
    assert "give its host: embodied.host: 900 kg" in ran.err
    assert result(*words, "--set", "embodied.host=900 kg")["total_kgco2e"] > 0


IMAGES = ("infer", "--model", "sdxl-base-1.0", "--gpu", "l40s:8", "--images", "1k/day", *SERVE)
LEARNING = ("train", "--model", "sdxl-base-1.0", "--gpu", "h100-sxm:8", "--set",
            "train.samples=1M", *SERVE)  # fmt: skip


def _without(folder, lacking):
    """An overlay in which one field of a model is not known."""
    from scenarios import ROOT

    text = (ROOT / "hardware_db/models/sdxl-base-1.0.yaml").read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if not line.startswith(lacking)]
    assert len(kept) < len(text.splitlines())
    (folder / "models").mkdir()
    (folder / "models/sdxl-base-1.0.yaml").write_text("\n".join(kept) + "\n", encoding="utf-8")
    return str(folder)


@pytest.mark.parametrize("lacking", ["text_encoder_params", "text_tokens"])
@pytest.mark.parametrize("words", [IMAGES, LEARNING], ids=["infer", "train"])
def test_an_unknown_text_encoder_is_named_and_not_zero(result, tmp_path, words, lacking):
    known = result(*words)
    unknown = result(*words, "--hardware-db", _without(tmp_path, lacking))
    missing = set(unknown["coverage"]["not_estimated"]) - set(known["coverage"]["not_estimated"])
    assert len(missing) == 1
    assert missing.pop().startswith("text encoder of ")
    assert not [key for key in unknown["facts"] if lacking in key]
    assert set(unknown["facts"]) < set(known["facts"])  # nothing stands in for it
    assert unknown["total_kgco2e"] < known["total_kgco2e"]


@pytest.mark.parametrize("lacking", ["text_encoder_params", "text_tokens"])
def test_training_without_a_text_encoder_is_another_formula(carbonctl, tmp_path, lacking):
    path = tmp_path / "run.yaml"
    path.write_text(
        "model: sdxl-base-1.0\nhardware: {accelerator: h100-sxm, count: 8}\n"
        "site: {region: FR}\ntrain: {samples: 1M}\n",
        encoding="utf-8",
    )
    words = ("explain", path, "--of", "train.accelerator_hours")
    assert "+ 2 * P_t * n_t" in carbonctl(*words).out
    text = " ".join(carbonctl(*words, "--hardware-db", _without(tmp_path, lacking)).out.split())
    assert "F_1 = k_e * w * h * f " in text
    assert "P_t" not in text


@pytest.mark.parametrize("name", ["archetype-pcie-8", "archetype-workstation", "aws-inf2-host"])
def test_power_supplies_of_unknown_rating_are_assumed_and_never_absent(result, name):
    data = result("embodied", "--server", name, "--samples", "0", "--gpu", "l40s")
    assert data["facts"]["default:psu_unknown"]["value"] == 1600
    missing = [key for key in data["coverage"]["not_estimated"] if key.startswith("power supplies")]
    assert len(missing) == 1  # those that feed its accelerators


def test_power_supplies_of_known_rating_are_not_assumed(result):
    data = result("embodied", "--server", "dgx-h100", "--samples", "0")
    assert "default:psu_unknown" not in data["facts"]
    assert not [key for key in data["coverage"]["not_estimated"] if "power supplies" in key]


INTERPOSER = "interposer or bridges of "


def _card(result, name):
    return result("embodied", "--gpu", name, "--subject", "accelerator", "--samples", "0")


@pytest.mark.parametrize("name", ["v100-sxm2-16gb", "mi250x", "gaudi2"])
def test_stacked_memory_without_a_known_interposer_says_so(result, name):
    missing = _card(result, name)["coverage"]["not_estimated"]
    assert [key for key in missing if key.startswith(INTERPOSER)]


@pytest.mark.parametrize("name", ["h100-pcie-80gb", "l40s", "nvidia-p100-pcie-16gb"])
def test_no_interposer_is_missed_where_one_is_known_or_none_is_needed(result, name):
    missing = _card(result, name)["coverage"]["not_estimated"]
    assert not [key for key in missing if key.startswith(INTERPOSER)]


@pytest.mark.parametrize(
    ("name", "like"),
    [("h800-pcie", "h100-pcie-80gb"), ("nvidia-a800-sxm4-80gb", "nvidia-a100-sxm4-80gb")],
)
def test_an_export_part_is_made_as_the_part_that_it_is_cut_from(result, name, like):
    ours, theirs = (_card(result, card)["total_kgco2e"] for card in (name, like))
    assert ours == pytest.approx(theirs, rel=0.03)


def test_drives_that_a_record_does_not_count_are_as_many_as_a_common_size_makes(result):
    facts = result("embodied", "--server", "dgx-a100-640gb", "--samples", "0")["facts"]
    (held,) = [fact for key, fact in facts.items() if key.endswith(":ssd")]
    (count,) = [fact for key, fact in facts.items() if key.endswith(":ssd:drives")]
    assert count["origin"] == "default"
    assert count["value"] == round(held["value"] / 3840)
    assert (count["low"], count["high"]) == pytest.approx(
        (held["value"] / 7680, held["value"] / 960)
    )
