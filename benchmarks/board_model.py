"""A decoder with random weights in PyTorch: steps of decode, prefill and training.

PyTorch is imported by the functions, so that the plan and the rows do without it.
"""

from __future__ import annotations

import itertools
from importlib import import_module
from typing import TYPE_CHECKING, Any

from board_power import BoardError

if TYPE_CHECKING:
    from collections.abc import Callable

    from board_plan import Point, Shape

SCALE = 0.02  # standard deviation of weights: activations neither vanish nor overflow
EPSILON = 1e-5
SEED = 0
NO_TORCH = "PyTorch is missing: pip install 'torch>=2.5'"


def import_torch() -> Any:
    """The module torch; BoardError says what to install."""
    try:
        torch: Any = import_module("torch")
    except ImportError:
        raise BoardError(NO_TORCH) from None
    version = tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2])
    if version < (2, 5):
        raise BoardError(f"PyTorch {torch.__version__} is too old: pip install 'torch>=2.5'")
    return torch


class Matrix:
    """A weight of shape (inputs, outputs) in bf16 or fp8, and its product with activations."""

    def __init__(self, torch: Any, values: Any, precision: str) -> None:
        self.torch, self.precision = torch, precision
        if precision == "fp8":  # column-major, as the product of two fp8 matrices needs it
            self.values = values.t().contiguous().to(torch.float8_e4m3fn).t()
            self.one = torch.ones((), device=values.device, dtype=torch.float32)
        else:
            self.values = values

    def __call__(self, x: Any) -> Any:
        """Activations of shape (rows, inputs) times the weight, in bf16."""
        if self.precision != "fp8":
            return x @ self.values
        torch = self.torch
        return torch._scaled_mm(  # noqa: SLF001 - the only fp8 product of PyTorch
            x.to(torch.float8_e4m3fn), self.values, scale_a=self.one, scale_b=self.one,
            out_dtype=torch.bfloat16, use_fast_accum=True,
        )  # fmt: skip


class Decoder:
    """Weights of a shape on a device, and what one pass over them computes.

    The router of a mixture works, but the experts of a token are drawn once, uniformly: a random
    router would not balance its experts, and a captured graph needs fixed sizes.
    """

    def __init__(self, torch: Any, shape: Shape, precision: str, device: str) -> None:
        self.torch, self.shape, self.device = torch, shape, device
        self.generator = torch.Generator(device=device).manual_seed(SEED)
        self.choices = torch.Generator().manual_seed(SEED)
        hidden, width = shape.hidden, shape.head_dim
        heads = (shape.heads + 2 * shape.kv_heads) * width
        self.embedding = self._random(shape.vocabulary, hidden)
        self.table = self.embedding if shape.is_tied else self._random(shape.vocabulary, hidden)
        self.layers = [
            {
                "qkv": self._matrix(hidden, heads, precision),
                "out": self._matrix(shape.heads * width, hidden, precision),
                "router": self._matrix(hidden, shape.experts, "bf16") if shape.is_moe else None,
                "experts": [
                    (
                        self._matrix(hidden, 2 * shape.intermediate, precision),
                        self._matrix(shape.intermediate, hidden, precision),
                    )
                    for _ in range(max(shape.experts, 1))
                ],
            }
            for _ in range(shape.layers)
        ]

    def _random(self, rows: int, columns: int) -> Any:
        torch = self.torch
        made = torch.empty(rows, columns, device=self.device, dtype=torch.bfloat16)
        return made.normal_(0.0, SCALE, generator=self.generator)

    def _matrix(self, rows: int, columns: int, precision: str) -> Matrix:
        return Matrix(self.torch, self._random(rows, columns), precision)

    def parameters(self) -> list[Any]:
        """All weights, tied ones once."""
        own = [self.embedding] if self.shape.is_tied else [self.embedding, self.table]
        for layer in self.layers:
            matrices = [layer["qkv"], layer["out"], *itertools.chain(*layer["experts"])]
            own += [matrix.values for matrix in [*matrices, layer["router"]] if matrix is not None]
        return own

    def routes(self, tokens: int) -> list[list[tuple[int, Any]]]:
        """Of each layer, the experts that some token takes with the indices of those tokens."""
        torch, shape = self.torch, self.shape
        made = []
        for _ in range(shape.layers):
            drawn = torch.rand(tokens, shape.experts, generator=self.choices)
            chosen = drawn.topk(shape.experts_per_token, dim=1).indices
            touched = [(e, (chosen == e).any(dim=1).nonzero()[:, 0]) for e in range(shape.experts)]
            made.append([(e, rows.to(self.device)) for e, rows in touched if len(rows)])
        return made

    def _logits(self, x: Any) -> Any:
        return x @ self.table.t()

    def _normalize(self, x: Any) -> Any:
        return self.torch.nn.functional.rms_norm(x, (x.shape[-1],), eps=EPSILON)

    def _gated(self, matrices: tuple[Matrix, Matrix], x: Any) -> Any:
        gate, up = matrices[0](x).chunk(2, dim=-1)
        return matrices[1](self.torch.nn.functional.silu(gate) * up)

    def _feed_forward(self, layer: dict[str, Any], x: Any, routes: Any) -> Any:
        if not self.shape.is_moe:
            return self._gated(layer["experts"][0], x)
        weights = layer["router"](x).softmax(dim=-1)
        total = self.torch.zeros_like(x)
        for expert, rows in routes:
            out = self._gated(layer["experts"][expert], x[rows]) * weights[rows, expert, None]
            total.index_add_(0, rows, out)
        return total

    def decode_attention(self, q: Any, k: Any, v: Any, cache: Any) -> Any:
        """Attention of one new token a sequence over a full cache.

        The queries that share a head of the cache stand as its rows: it is read once. The new
        token replaces the last one of the cache, whose length thus stays.
        """
        keys, values = cache
        batch, kv_heads, _, width = keys.shape
        keys[:, :, -1] = k.view(batch, kv_heads, width)
        values[:, :, -1] = v.view(batch, kv_heads, width)
        grouped = q.view(batch, kv_heads, -1, width)
        attend = self.torch.nn.functional.scaled_dot_product_attention
        return attend(grouped, keys, values).reshape(batch, -1)

    def causal_attention(self, q: Any, k: Any, v: Any, batch: int) -> Any:
        """Attention of each token of a prompt over the tokens before it and itself."""
        width = self.shape.head_dim
        q, k, v = (
            x.view(batch, -1, x.shape[-1] // width, width).transpose(1, 2) for x in (q, k, v)
        )
        attend = self.torch.nn.functional.scaled_dot_product_attention
        is_grouped = self.shape.heads != self.shape.kv_heads
        out = attend(q, k, v, is_causal=True, enable_gqa=is_grouped)
        return out.transpose(1, 2).reshape(-1, self.shape.heads * width)

    def forward(self, tokens: Any, attend: Callable[..., Any], routes: Any) -> Any:
        """Last hidden states of tokens; ``attend`` takes layer, queries, keys and values."""
        shape = self.shape
        own, other = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
        x = self.embedding[tokens]
        for place, layer in enumerate(self.layers):
            q, k, v = layer["qkv"](self._normalize(x)).split((own, other, other), dim=-1)
            x = x + layer["out"](attend(place, q, k, v))
            chosen = routes[place] if shape.is_moe else None
            x = x + self._feed_forward(layer, self._normalize(x), chosen)
        return self._normalize(x)

    def _tokens(self, count: int) -> Any:
        size = self.shape.vocabulary
        return self.torch.randint(size, (count,), device=self.device, generator=self.generator)

    def decode_step(self, point: Point) -> Callable[[], Any]:
        """A function that computes the next token of each sequence of a point."""
        torch, shape = self.torch, self.shape
        sizes = (point.batch, shape.kv_heads, point.context, shape.head_dim)
        caches = [
            tuple(
                torch.empty(sizes, device=self.device, dtype=torch.bfloat16).normal_(
                    0.0, 1.0, generator=self.generator
                )
                for _ in range(2)
            )
            for _ in range(shape.layers)
        ]
        routes = self.routes(point.batch) if shape.is_moe else None
        tokens = self._tokens(point.batch)

        def step() -> Any:
            last = self.forward(
                tokens, lambda place, *qkv: self.decode_attention(*qkv, caches[place]), routes
            )
            tokens.copy_(self._logits(last).argmax(dim=-1))
            return tokens

        return step

    def prefill_step(self, point: Point) -> Callable[[], Any]:
        """A function that reads the prompts of a point and computes the first token of each."""
        batch = point.batch
        routes = self.routes(batch * point.context) if self.shape.is_moe else None
        tokens = self._tokens(batch * point.context)

        def step() -> Any:
            attend = self.causal_attention
            last = self.forward(tokens, lambda _, *qkv: attend(*qkv, batch), routes)
            ends = last.view(batch, point.context, -1)[:, -1]
            return self._logits(ends).argmax(dim=-1)

        return step

    def train_step(self, point: Point) -> Callable[[], Any]:
        """A function that does one step of AdamW on the sequences of a point."""
        torch, batch = self.torch, point.batch
        weights = [weight.requires_grad_() for weight in self.parameters()]
        optimizer = torch.optim.AdamW(weights, lr=1e-5, fused=self.device != "cpu")
        routes = self.routes(batch * point.context) if self.shape.is_moe else None
        tokens, targets = (self._tokens(batch * point.context) for _ in range(2))

        def step() -> Any:
            attend = self.causal_attention
            last = self.forward(tokens, lambda _, *qkv: attend(*qkv, batch), routes)
            loss = torch.nn.functional.cross_entropy(self._logits(last).float(), targets)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            return loss

        return step
