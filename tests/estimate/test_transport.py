"""What is delivered over a stated distance is flown, shipped, or flown in part."""

from __future__ import annotations

from pytest import approx  # noqa: PT013 - arithmetic reads better without a prefix

from carbonctl.catalog.read import Catalog


def test_a_stated_distance_is_charged_by_its_mode(result):
    def delivered(mode, distance):
        route = f"embodied.transport={{mode: {mode}, distance: {distance}}}"
        words = ("embodied", "--server", "dgx-h100", "--set", route, "--samples", "0")
        return result(*words)["metrics"]["transport_kgco2e"]["value"]

    catalog = Catalog.open()
    air, sea = (
        catalog.record("transport", name).fact("embodied_per_tkm").value for name in ("air", "sea")
    )
    share = catalog.default("air_mixed").value
    by_air, by_sea, mixed = (delivered(mode, "9000 km") for mode in ("air", "sea", "mixed"))
    assert by_air / by_sea == approx(air / sea)
    assert mixed == approx(share * by_air + (1 - share) * by_sea)
    assert delivered("sea", "18000 km") == approx(2 * by_sea)
