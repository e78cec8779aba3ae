"""A superchip's rating holds its CPU; no second host is put on top."""

from __future__ import annotations


def test_a_superchip_carries_no_host_cpu_twice(result):
    def factor(gpu):
        data = result(
            "train", "--params", "7B", "--gpu", f"{gpu}:8", "--days", "1", "--grid", "0.4 kg/kWh"
        )
        metrics = data["metrics"]
        return metrics["train.it_energy_kwh"]["value"] / metrics["train.device_energy_kwh"]["value"]

    assert 1 < factor("nvidia-gh200-96gb") < factor("h100-sxm")
