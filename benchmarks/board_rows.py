"""Tables of what was measured: rows of ``verify``, all parts, and a record of the catalog."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from board_power import WIDE_SHARE, Spread
from board_session import BETWEEN, DEEP, P0, RESIDENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from board_plan import Served
    from board_power import Idle
    from board_sensor import BoardFacts
    from board_session import Measured, Session

    Row = dict[str, str]

TASK = "synthetic"  # lengths are stated, so that no assumed ones of a task are used
TOKENS_OF_ROW = 1e9  # training rows are scaled to a billion tokens
SECONDS_PER_HOUR, JOULES_PER_MWH = 3600.0, 3.6e9
CELL = "{:.6g}"
RUNTIMES = {  # the profiles of hardware_db/runtimes whose launches are nearest
    True: "vLLM 0.11-like CUDA graph of benchmarks/measure_board.py",
    False: "HF transformers-like eager loop of benchmarks/measure_board.py",
}
PARTS = (
    "kind", "model", "precision", "batch", "context", "tokens_per_step", "step_j", "step_j_low",
    "step_j_high", "step_s", "step_s_low", "step_s_high", "power_w", "joules_per_token", "repeats",
    "energy_mode", "counter_over_samples", "resolution", "sm_mhz", "sm_mhz_low", "memory_mhz",
    "temperature_c_low", "temperature_c_high", "throttle", "unsteady",
)  # fmt: skip
POWER = ("state", "watts", "low", "high", "p_state", "settled", "waited_s", "sm_mhz", "memory_mhz",
         "temperature_c")  # fmt: skip


@dataclass(frozen=True)
class Origin:
    """Where and when rows were measured."""

    accelerator_id: str
    facts: BoardFacts
    is_graphed: bool
    torch: str
    date: str

    @property
    def source_id(self) -> str:
        """Id of the source of all rows."""
        return f"measured-{self.accelerator_id}-{self.date[:4]}"

    @property
    def system(self) -> str:
        """What else a reader needs to repeat it."""
        facts = self.facts
        return (
            f"{facts.name}, limit {facts.power_limit_w:.0f} W, driver {facts.driver}, "
            f"persistence {facts.persistence}, PyTorch {self.torch}, {self.date}"
        )


@dataclass(frozen=True)
class Request:
    """Energy and time of a batch of requests, put together from prefill and decode."""

    decode: Measured
    served: Served
    joules: Spread
    seconds: float
    is_sound: bool


def tokens_per_step(part: Measured) -> int:
    """Tokens that one step writes (decode), reads (prefill) or learns from (train)."""
    point = part.point
    return point.batch * (1 if point.kind == "decode" else point.context)


def is_sound(part: Measured) -> bool:
    """Whether repeats agree within ``WIDE_SHARE`` and neither heat nor a fault slowed the board."""
    return part.joules.share <= WIDE_SHARE and not part.throttle


def _prefill_of(decode: Measured, served: Served, parts: Sequence[Measured]) -> Measured | None:
    point = decode.point
    wanted = ("prefill", point.shape, point.precision, served.prompt)
    for part in parts:
        other = part.point
        if (other.kind, other.shape, other.precision, other.context) == wanted:
            return part
    return None


def put_together(parts: Sequence[Measured], lengths: Sequence[Served]) -> list[Request]:
    """Batches of requests: prompts read as measured, each token as at the mean context.

    Energy and time of a decode step are linear in the context, so that the mean context gives
    their mean. A batch whose prefill was not measured is left out.
    """
    made = []
    for decode in parts:
        for served in lengths:
            point = decode.point
            if point.kind != "decode" or point.context != served.mean_context:
                continue
            prefill = _prefill_of(decode, served, parts)
            if prefill is not None:
                made.append(_request(decode, prefill, served))
    return made


def _request(decode: Measured, prefill: Measured, served: Served) -> Request:
    share = decode.point.batch * served.prompt / tokens_per_step(prefill)
    ends = (
        share * getattr(prefill.joules, end) + served.output * getattr(decode.joules, end)
        for end in ("middle", "low", "high")
    )
    seconds = share * prefill.seconds.middle + served.output * decode.seconds.middle
    sound = is_sound(decode) and is_sound(prefill)
    return Request(decode, served, Spread(*ends, decode.joules.count), seconds, sound)


def _cells(values: Mapping[str, object]) -> Row:
    """Numbers as text; nan and None as empty cells."""
    made = {}
    for key, value in values.items():
        is_blank = value is None or (isinstance(value, float) and math.isnan(value))
        number = CELL.format(value) if isinstance(value, int | float) else str(value)
        made[key] = "" if is_blank else number
    return made


def inference_row(request: Request, origin: Origin) -> Row:
    """A row of ``verify inference`` for a batch of requests."""
    point, served = request.decode.point, request.served
    shape, tokens = point.shape, point.batch * served.output
    cells: dict[str, object] = {
        "row_id": f"{origin.accelerator_id}-{shape.name}-{point.precision}-b{point.batch}"
        f"-p{served.prompt}-o{served.output}",
        "source_id": origin.source_id,
        "model": f"random-weights/{shape.name}",
        "family": shape.family.lower(),
        "params_total_b": shape.total_params / 1e9,
        "params_active_b": shape.active_params / 1e9,
        "architecture": "MoE Transformer" if shape.is_moe else "Dense Transformer",
        "task": TASK,
        "accelerator_id": origin.accelerator_id,
        "n_accelerators": 1,
        "system_name": origin.system,
        "weight_precision": point.precision,
        "kv_precision": "bf16",
        "runtime": RUNTIMES[origin.is_graphed],
        "serving_scenario": "offline",
        "avg_batch_size": point.batch,
        "tensor_parallel": 1,
        "prompt_tokens_mean": served.prompt,
        "output_tokens_mean": served.output,
        "output_cv": 0,
        "energy_per_request_j": request.joules.middle / point.batch,
        "energy_per_output_token_j": request.joules.middle / tokens,
        "avg_power_all_accelerators_w": request.joules.middle / request.seconds,
        "batch_latency_s": request.seconds,
        "throughput_per_s": tokens / request.seconds,
        "boundary_id": "gpu",
        "suggested_split": "fit",
        "confidence": "high" if request.is_sound else "low",
        "notes": f"repeats {request.joules.low / tokens:.4g} to {request.joules.high / tokens:.4g}"
        " J per output token",
    }
    return _cells(cells)


def training_row(part: Measured, origin: Origin) -> Row:
    """A row of ``verify training`` for steps of one batch, scaled to a billion tokens."""
    point, tokens = part.point, tokens_per_step(part)
    steps, shape = TOKENS_OF_ROW / tokens, point.shape
    hours = steps * part.seconds.middle / SECONDS_PER_HOUR
    cells: dict[str, object] = {
        "run_id": f"{origin.accelerator_id}-{shape.name}-b{point.batch}-s{point.context}",
        "model": f"{shape.name}, random weights",
        "family": shape.family.lower(),
        "organisation": "own measurement",
        "year": origin.date[:4],
        "arch_type": "moe_llm" if shape.is_moe else "dense_llm",
        "stage": "step of forward, backward and AdamW",
        "total_params_b": shape.total_params / 1e9,
        "active_params_b": shape.active_params / 1e9,
        "train_tokens_b": TOKENS_OF_ROW / 1e9,
        "accelerator": origin.facts.name,
        "accelerator_id": origin.accelerator_id,
        "accel_count": 1,
        "accel_hours": hours,
        "avg_power_w_per_accel": part.watts.middle,
        "power_boundary": "gpu",
        "energy_mwh": steps * part.joules.middle / JOULES_PER_MWH,
        "energy_boundary": "gpu",
        "energy_evidence": "measured",
        "pue": None,
        "use_in_time_test": 1,
        "use_in_power_test": 1,
        "use_in_energy_test": 1,
        "source": f"{origin.source_id}: {origin.system}",
        "confidence": "high" if is_sound(part) else "low",
        "notes": f"scaled from steps of {tokens} tokens; batch {point.batch}, length "
        f"{point.context}, no recomputation, no input pipeline, no failures",
    }
    return _cells(cells)


def part_row(part: Measured) -> Row:
    """All that was read of a point."""
    point, tokens = part.point, tokens_per_step(part)
    values = (
        point.kind, point.shape.name, point.precision, point.batch, point.context, tokens,
        part.joules.middle, part.joules.low, part.joules.high, part.seconds.middle,
        part.seconds.low, part.seconds.high, part.watts.middle, part.joules.middle / tokens,
        part.joules.count, part.mode, part.agreement, part.resolution, part.sm_mhz.middle,
        part.sm_mhz.low, part.memory_mhz, part.temperature_c.low, part.temperature_c.high,
        part.throttle, int(part.joules.share > WIDE_SHARE),
    )  # fmt: skip
    return _cells(dict(zip(PARTS, values, strict=True)))


def power_row(idle: Idle) -> Row:
    """An idle state, its power and the state of the board."""
    last, watts = idle.last, idle.watts
    values = (
        idle.state, watts.middle, watts.low, watts.high, last.p_state, int(idle.is_settled),
        idle.waited_s, last.sm_mhz, last.memory_mhz, last.temperature_c,
    )  # fmt: skip
    return _cells(dict(zip(POWER, values, strict=True)))


def _fact(key: str, idle: Idle, origin: Origin, note: str) -> str:
    watts = idle.watts
    state = idle.last.p_state or "P-state unknown"
    settled = "" if idle.is_settled else ", not settled"
    return (
        f"{key}: {{value: {watts.middle:.4g} W, source: {origin.source_id}, "
        f"range: [{watts.low:.4g}, {watts.high:.4g}], range_kind: min_max, boundary: gpu, "
        f'note: "{note}, {state}{settled}, n={watts.count}"}}'
    )


def record_snippet(session: Session, origin: Origin) -> str:
    """Lines of a record of ``hardware_db/accelerators``, and of its source.

    Power before the context and between requests stand as comments: a record has no key for them.
    """
    facts, idle = origin.facts, session.idle
    limit = f"{facts.power_limit_w:.4g} W, source: {origin.source_id}, boundary: gpu"
    lines = [
        f"# for hardware_db/accelerators/{origin.accelerator_id}.yaml",
        f"# {origin.system}",
        f"tdp: {{value: {limit}, note: enforced power cap}}",
    ]
    if DEEP in idle:
        lines.append(_fact("idle_power", idle[DEEP], origin, "no context"))
    if RESIDENT in idle:
        lines.append(_fact("resident_power", idle[RESIDENT], origin, "model loaded, parked"))
    for state, words in ((P0, "P0 without context"), (BETWEEN, "between requests")):
        if state in idle:
            lines.append("# " + _fact(words.replace(" ", "_").lower(), idle[state], origin, words))
    source = {
        "title": f'"{facts.name} measured with benchmarks/measure_board.py"',
        "year": origin.date[:4],
        "locator": f'"{origin.system}"',
        "kind": "measurement",
    }
    cited = ", ".join(f"{key}: {value}" for key, value in source.items())
    lines += ["# for hardware_db/sources.yaml", f"# {origin.source_id}: {{{cited}}}"]
    return "\n".join(lines) + "\n"


def _columns(bundled: Path, rows: Sequence[Row]) -> list[str]:
    """Columns of the bundled table, then those that only our rows have."""
    with bundled.open(encoding="utf-8", newline="") as file:
        known = next(csv.reader(file))
    return [*known, *dict.fromkeys(key for row in rows for key in row if key not in known)]


def _write(path: Path, columns: Iterable[str], rows: Sequence[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(columns), restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_session(
    session: Session, lengths: Sequence[Served], origin: Origin, folder: Path, published: Path
) -> list[Path]:
    """Write all tables that have rows, and the record; the paths.

    ``published`` is the folder of the bundled tables, whose columns come first, in their order.
    """
    folder.mkdir(parents=True, exist_ok=True)
    requests = put_together(session.points, lengths)
    trained = [part for part in session.points if part.point.kind == "train"]
    tables = {
        "inference.csv": [inference_row(request, origin) for request in requests],
        "training.csv": [training_row(part, origin) for part in trained],
    }
    written = []
    for name, rows in tables.items():
        if rows:
            _write(folder / name, _columns(published / name, rows), rows)
            written.append(folder / name)
    _write(folder / "parts.csv", PARTS, [part_row(part) for part in session.points])
    _write(folder / "power.csv", POWER, [power_row(idle) for idle in session.idle.values()])
    snippet = folder / "accelerator.yaml"
    snippet.write_text(record_snippet(session, origin), encoding="utf-8")
    return [*written, folder / "parts.csv", folder / "power.csv", snippet]
