"""The decoder with random weights, on the CPU: where PyTorch is installed."""

from __future__ import annotations

from dataclasses import replace

import pytest
import simulated_board  # noqa: F401 - puts benchmarks/ on the path

torch = pytest.importorskip("torch")

from board_cuda import CudaDevice  # noqa: E402
from board_model import Decoder, Matrix  # noqa: E402
from board_plan import Point, Shape  # noqa: E402

DENSE = Shape("dense", "dense", 2, 64, 128, 4, 2, 16, 96, is_tied=True)
MOE = replace(DENSE, name="moe", experts=8, experts_per_token=2, is_tied=False)


@pytest.mark.parametrize("shape", [DENSE, MOE], ids=lambda shape: shape.name)
def test_weights_are_those_of_the_shape(shape):
    weights = Decoder(torch, shape, "bf16", "cpu").parameters()
    assert sum(weight.numel() for weight in weights) == shape.total_params


@pytest.mark.parametrize("shape", [DENSE, MOE], ids=lambda shape: shape.name)
@pytest.mark.parametrize("kind", ["decode", "prefill", "train"])
def test_a_step_runs_and_is_finite(shape, kind):
    decoder = Decoder(torch, shape, "bf16", "cpu")
    point = Point(kind, shape, "bf16", 3, 16)
    step = getattr(decoder, f"{kind}_step")(point)
    made = step()
    assert torch.isfinite(made.float()).all()
    if kind != "train":
        assert made.shape == (3,)


def test_every_weight_of_a_dense_model_learns():
    decoder = Decoder(torch, DENSE, "bf16", "cpu")
    step = decoder.train_step(Point("train", DENSE, "bf16", 2, 16))
    step()
    assert all(weight.grad is not None for weight in decoder.parameters())


def test_decode_attends_to_the_cache_as_prefill_to_the_prompt():
    decoder = Decoder(torch, DENSE, "bf16", "cpu")
    batch, length, width = 2, 5, DENSE.head_dim
    q = torch.randn(batch * length, DENSE.heads * width)
    k, v = (torch.randn(batch * length, DENSE.kv_heads * width) for _ in range(2))
    whole = decoder.causal_attention(q, k, v, batch).view(batch, length, -1)[:, -1]
    cache = tuple(
        x.view(batch, length, DENSE.kv_heads, width).transpose(1, 2).clone() for x in (k, v)
    )
    last = [x.view(batch, length, -1)[:, -1] for x in (q, k, v)]
    cache[0][:, :, -1], cache[1][:, :, -1] = 0.0, 0.0
    assert torch.allclose(decoder.decode_attention(*last, cache), whole, atol=1e-5)


def test_each_token_takes_its_number_of_experts():
    routes = Decoder(torch, MOE, "bf16", "cpu").routes(40)
    assert len(routes) == MOE.layers
    assert all(sum(len(rows) for _, rows in layer) == 80 for layer in routes)


def test_an_fp8_product_is_near_that_of_bf16():
    x = torch.randn(16, 64, dtype=torch.bfloat16)
    values = torch.randn(64, 32, dtype=torch.bfloat16)
    exact = Matrix(torch, values, "bf16")(x).float()
    rounded = Matrix(torch, values, "fp8")(x).float()
    assert (rounded - exact).norm() < 0.1 * exact.norm()


class Event:
    """An event of a device that has done all when it is asked."""

    def record(self): ...

    def query(self):
        return True


def test_a_device_keeps_weights_and_trains_after_it_served(monkeypatch):
    for name in ("CUDA_DEVICE_ORDER", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.setenv(name, "")
    monkeypatch.setattr(torch.cuda, "Event", Event)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)
    device = CudaDevice(0, is_graphed=False)
    device.where = "cpu"
    kept = []
    for kind in ("prefill", "decode", "train", "train", "decode"):
        with device.load(Point(kind, DENSE, "bf16", 2, 16)) as work:
            work.enqueue(2)
            assert work.pending() == 0
            work.drain()
            assert torch.is_inference_mode_enabled() is (kind != "train")
        kept.append(device.kept[1])
    assert kept[0] is kept[1]
    assert kept[1] is not kept[2]
    assert kept[2] is kept[3]
    assert not torch.is_inference_mode_enabled()
