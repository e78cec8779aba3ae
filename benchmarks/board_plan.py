"""What a board is measured on: shapes, points, what does not fit, and how long it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from carbonctl.catalog.read import Catalog

Kind = Literal["decode", "prefill", "train"]
BYTES = {"bf16": 2.0, "fp8": 1.0}
KV_BYTES = 2.0  # of the cache, which stays in bf16
TRAIN_BYTES = 8.0  # a parameter: weights, gradients and both moments of AdamW in bf16
FP8_CAPABILITY = (8, 9)  # Ada and later have matrix units for it
USABLE_SHARE = 0.9  # of the memory; the rest is the context and what PyTorch reserves
GB = 1e9
LOAD_SECONDS = 15.0  # to fill random weights and capture graphs, a shape and precision
IDLE_SECONDS = 360.0  # four idle states, each until the power is steady
SHAPES = ("llama-3.2-1b", "llama-3.1-8b", "olmoe-1b-7b")
TRAINED = "llama-3.2-1b"


@dataclass(frozen=True)
class Shape:
    """Dimensions of a decoder, filled with random weights; ``name`` is its record in models/."""

    name: str
    family: str
    layers: int
    hidden: int
    intermediate: int
    heads: int
    kv_heads: int
    head_dim: int
    vocabulary: int
    experts: int = 0
    experts_per_token: int = 0
    is_tied: bool = False

    @property
    def is_moe(self) -> bool:
        """Whether the feed-forward layers are experts."""
        return self.experts > 0

    @property
    def attention_params(self) -> int:
        """Parameters of the attention of one layer."""
        return self.hidden * self.head_dim * 2 * (self.heads + self.kv_heads)

    @property
    def expert_params(self) -> int:
        """Parameters of one gated feed-forward network: an expert, or all of a dense layer."""
        return 3 * self.hidden * self.intermediate

    def params(self, experts: int) -> int:
        """Parameters with this many experts a layer, tied embeddings counted once."""
        layer = self.attention_params + max(experts, 1) * self.expert_params
        router = self.hidden * self.experts
        return self.layers * (layer + router) + self.table_params

    @property
    def table_params(self) -> int:
        """Parameters of the embedding and of the output matrix, which stay in bf16."""
        return self.hidden * self.vocabulary * (1 if self.is_tied else 2)

    @property
    def total_params(self) -> int:
        """All parameters."""
        return self.params(self.experts)

    @property
    def active_params(self) -> int:
        """Parameters that one token uses."""
        return self.params(self.experts_per_token)

    @property
    def kv_bytes_per_token(self) -> float:
        """Bytes of the cache of one token."""
        return KV_BYTES * 2 * self.layers * self.kv_heads * self.head_dim


@dataclass(frozen=True)
class Point:
    """One thing that is measured.

    ``context`` is the tokens in the cache of each sequence (decode), the length of a prompt
    (prefill) or of a sequence (train); ``batch`` the sequences worked on together.
    """

    kind: Kind
    shape: Shape
    precision: str
    batch: int
    context: int

    @property
    def label(self) -> str:
        """Name of the point, the same in the plan, in the log and in the parts table."""
        where = f"batch {self.batch}, {self.context} tokens"
        return f"{self.kind} {self.shape.name} {self.precision}, {where}"


@dataclass(frozen=True)
class Served:
    """Lengths of a request that is put together from prefill and decode."""

    prompt: int
    output: int

    @property
    def mean_context(self) -> int:
        """Tokens in the cache halfway through the answer; energy is linear in the cache."""
        return self.prompt + self.output // 2


@dataclass(frozen=True)
class Options:
    """What is measured and for how long: seconds of a warm-up and of one of ``repeats``."""

    shapes: tuple[str, ...] = SHAPES
    precisions: tuple[str, ...] = ("bf16", "fp8")
    batches: tuple[int, ...] = (1, 8, 32, 128)
    served: tuple[Served, ...] = (Served(384, 256), Served(3840, 512))
    train_batches: tuple[int, ...] = (1, 4, 16)
    train_length: int = 2048
    prefill_tokens: int = 8192
    warm_up_s: float = 4.0
    window_s: float = 6.0
    repeats: int = 3


QUICK = Options(
    batches=(1, 32), served=(Served(384, 256),), train_batches=(4,), window_s=4.0, repeats=3
)


@dataclass(frozen=True)
class Board:
    """What of a board decides the plan."""

    name: str
    memory_gb: float
    capability: tuple[int, int]


@dataclass(frozen=True)
class Plan:
    """Points in the order of measurement, and what is left out with its reason."""

    options: Options
    points: tuple[Point, ...]
    left_out: tuple[tuple[str, str], ...]

    @property
    def seconds(self) -> float:
        """Expected duration."""
        point = self.options.warm_up_s + self.options.repeats * self.options.window_s
        loads = {(point.shape, point.precision, point.kind == "train") for point in self.points}
        return IDLE_SECONDS + len(loads) * LOAD_SECONDS + len(self.points) * point


def shape_from_catalog(name: str, catalog: Catalog) -> Shape:
    """Dimensions of a dense decoder or a mixture of experts of ``hardware_db/models``.

    Raises ValueError for a model that is no such decoder.
    """
    record = catalog.record("models", name)
    count = record.number
    if record.text("kind") not in {"llm_dense", "llm_moe"} or count("head_dim") is None:
        raise ValueError(f"{record.id} is no decoder whose dimensions are known: use {SHAPES[1]}")
    experts = int(count("moe", "experts") or 0)
    if experts and count("moe", "layers") != count("layers"):
        raise ValueError(f"{record.id} has dense layers among its experts: use {SHAPES[2]}")
    inner = count("moe", "expert_intermediate_size") if experts else count("intermediate_size")
    fields = ("layers", "hidden_size", "heads", "kv_heads", "head_dim", "vocabulary")
    layers, hidden, heads, kv_heads, head_dim, vocabulary = (int(count(f) or 0) for f in fields)
    chosen = int(count("moe", "experts_per_token") or 0) if experts else 0
    return Shape(
        record.id, record.text("family"), layers, hidden, int(inner or 0), heads, kv_heads,
        head_dim, vocabulary, experts, chosen,
        bool(record.data.get("tied_embeddings")),
    )  # fmt: skip


def needed_gb(point: Point) -> float:
    """Memory of a point in GB: weights, cache and activations."""
    shape, tokens = point.shape, point.batch * point.context
    if point.kind == "train":  # about 34 values a token and channel are kept without recomputation
        kept = 34 * KV_BYTES / 2 * shape.hidden * shape.layers + 6 * shape.vocabulary
        return (TRAIN_BYTES * shape.total_params + kept * tokens) / GB
    matrices = shape.total_params - shape.table_params
    weights = BYTES[point.precision] * matrices + KV_BYTES * shape.table_params
    worked = tokens if point.kind == "prefill" else point.batch
    inside = worked * (shape.experts_per_token or 1) * 3 * shape.intermediate * KV_BYTES
    cache = 0.0 if point.kind == "prefill" else tokens * shape.kv_bytes_per_token
    return (weights + cache + inside + 4 * worked * shape.hidden * KV_BYTES) / GB


def _points(options: Options, shapes: Sequence[Shape], trained: Shape | None) -> Iterator[Point]:
    for shape in shapes:
        for precision in options.precisions:
            for served in options.served:
                prompts = max(options.prefill_tokens // served.prompt, 1)
                yield Point("prefill", shape, precision, prompts, served.prompt)
                for batch in options.batches:
                    yield Point("decode", shape, precision, batch, served.mean_context)
    if trained is not None:
        for batch in options.train_batches:
            yield Point("train", trained, "bf16", batch, options.train_length)


def _why_not(point: Point, board: Board) -> str:
    """Why a board cannot be measured at a point; empty if it can."""
    if point.precision == "fp8" and board.capability < FP8_CAPABILITY:
        major, minor = board.capability
        return f"no fp8 matrix units at compute capability {major}.{minor}"
    needed, usable = needed_gb(point), board.memory_gb * USABLE_SHARE
    return f"needs {needed:.1f} GB of {usable:.1f}" if needed > usable else ""


def make_plan(
    options: Options, shapes: Sequence[Shape], board: Board, trained: Shape | None
) -> Plan:
    """Points that a board can be measured at, by shape and precision; the rest with reasons."""
    points, left_out = [], []
    for point in _points(options, shapes, trained):
        reason = _why_not(point, board)
        if reason:
            left_out.append((point.label, reason))
        else:
            points.append(point)
    return Plan(options, tuple(points), tuple(left_out))


def _left_out_lines(left_out: Sequence[tuple[str, str]]) -> Iterator[str]:
    """A line for each reason, with the points that it leaves out."""
    for reason in dict.fromkeys(reason for _, reason in left_out):
        labels = [label for label, other in left_out if other == reason]
        shown = labels[0] if len(labels) == 1 else f"{len(labels)} points, {labels[0]} the first"
        yield f"left out: {reason}: {shown}"


def describe_plan(plan: Plan, board: Board) -> str:
    """The plan as text: idle states, points, what is left out, minutes."""
    major, minor = board.capability
    lines = [f"{board.name}, {board.memory_gb:.0f} GB, compute capability {major}.{minor}"]
    lines += ["idle states: deep idle, P0 without context, resident, between requests"]
    lines += [point.label for point in plan.points]
    lines += _left_out_lines(plan.left_out)
    lines += [f"{len(plan.points)} points, about {plan.seconds / 60:.0f} minutes"]
    return "\n".join(lines)
