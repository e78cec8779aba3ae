"""A measured row as a scenario: the model, the stack and the devices that it states."""

import csv

import pytest

from carbonctl.catalog.locate import bundled_folder
from carbonctl.catalog.read import Catalog
from carbonctl.verify.cases import CaseTables, scenario_from_row

TABLES = CaseTables.of(Catalog.open())


@pytest.fixture(scope="module")
def rows():
    """The first bundled row of each model."""
    path = bundled_folder("hardware_db") / "published" / "inference.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        return {row["model"]: row for row in reversed(list(csv.DictReader(handle)))}


@pytest.mark.parametrize(
    ("name", "size", "found"),
    [
        ("meta/Llama-3.1-8B-Instruct", "8", "llama-3.1-8b"),
        ("meta/Llama-3.1-8B-Instruct", "", "llama-3.1-8b"),
        ("meta/Llama-3.1-8B-Instruct", "70", None),  # another model of this name
        ("nobody/Nothing-8B", "8", None),
    ],
)
def test_a_model_is_known_by_its_name_where_its_size_is_alike(rows, name, size, found):
    row = rows["Qwen/Qwen3-14B"] | {"params_total_b": size, "params_active_b": size, "model": name}
    record = TABLES.model(row)
    assert (record and record.id) == found


@pytest.mark.parametrize(
    ("stack", "profile"),
    [("TensorRT-LLM 0.9", "trtllm"), ("TensorRT 8.6", "tensorrt"), ("vLLM 0.11.1", "vllm_2025"),
     ("vLLM 0.4.2", "vllm_2024"), ("my own", "")],
)  # fmt: skip
def test_a_stack_is_known_by_the_longest_beginning_of_its_name(rows, stack, profile):
    assert TABLES.runtime(rows["Qwen/Qwen3-14B"] | {"runtime": stack}) == profile


def test_only_experts_have_ranks(rows):
    """All devices of a dense model share each layer, whatever is said of ranks."""
    devices = {"n_accelerators": "8", "data_parallel": "4", "tensor_parallel": "",
               "expert_parallel": "", "avg_batch_size": "32"}  # fmt: skip
    dense = scenario_from_row(rows["Qwen/Qwen3-14B"] | devices, TABLES)["infer"]
    assert (dense["tensor_parallel"], dense.get("data_parallel")) == (8, None)
    moe = next(row for name, row in rows.items() if "Qwen3-30B-A3B" in name)
    spread = scenario_from_row(moe | devices, TABLES)["infer"]
    assert (spread["tensor_parallel"], spread["data_parallel"]) == (2, 4)


def test_a_queue_fills_as_many_replicas_as_its_devices_hold(rows):
    queue = scenario_from_row(rows["Qwen/Qwen3-14B"] | {"avg_batch_size": ""}, TABLES)["infer"]
    assert (queue["concurrency"], queue.get("tensor_parallel")) == ("full", None)
