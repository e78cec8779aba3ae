"""Ingestion servers are a line of their own; unknown ones are said."""

from __future__ import annotations

import pytest
from scenarios import CONFIGS

FEED = str(CONFIGS / "dlrm-weekly.yaml")


def test_ingestion_servers_stand_beside_storage_and_draw_in_proportion(result):
    def energy(servers):
        data = result("lifecycle", FEED, "--set", f"data.ingest_servers={servers}")
        ids = {child["id"] for node in data["breakdown"] for child in node["children"]}
        assert {"data.storage.operational_location", "data.ingestion.operational_location"} <= ids
        return data["metrics"]["data.ingestion.it_energy_kwh"]["value"]

    assert energy(80) == pytest.approx(2 * energy(40))


def test_a_rate_without_servers_is_listed_as_not_estimated(result):
    data = result("lifecycle", FEED, "--set", "data.ingest=120 GB/s")
    assert "ingest_servers" in data["coverage"]["not_estimated"]["data ingestion servers"]
