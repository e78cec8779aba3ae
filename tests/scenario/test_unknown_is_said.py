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


def test_an_accelerator_without_a_known_host_says_so(result):
    found = result("train", "--gpu", "nvidia-gh200-96gb:8", "--days", "1", *SERVE)
    assert (
        "host of NVIDIA GH200 Grace Hopper 96GB HBM3 (superchip)"
        in found["coverage"]["not_estimated"]
    )


def test_an_unknown_text_encoder_is_named_and_not_zero(result, tmp_path):
    from scenarios import ROOT  # noqa: PLC0415

    text = (ROOT / "hardware_db/models/sdxl-base-1.0.yaml").read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if not line.startswith("text_encoder_params")]
    (tmp_path / "models").mkdir()
    (tmp_path / "models/sdxl-base-1.0.yaml").write_text("\n".join(kept) + "\n", encoding="utf-8")
    words = ("infer", "--model", "sdxl-base-1.0", "--gpu", "l40s:8", "--images", "1k/day", *SERVE)
    known = result(*words)
    unknown = result(*words, "--hardware-db", str(tmp_path))
    missing = set(unknown["coverage"]["not_estimated"]) - set(known["coverage"]["not_estimated"])
    assert len(missing) == 1
    assert missing.pop().startswith("text encoder of ")
    assert not [key for key in unknown["facts"] if "text_" in key]
    assert unknown["total_kgco2e"] < known["total_kgco2e"]
