"""Checks of accelerator records: dense peaks, plausible sizes, stated boundaries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carbonctl.core.errors import CarbonctlError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carbonctl.catalog.read import Catalog, Record
    from carbonctl.core.fact import Fact

# Dense peaks of the other formats over the 16-bit one. A record exempts a format by naming it,
# with the reason, under ``peak_ratios``.
USUAL_PEAK_RATIOS = {"tf32": 0.5, "fp8": 2.0, "int8": 2.0, "fp4": 4.0, "int4": 4.0}
# Consumer GPUs accumulate 16-bit products in 32 bits at half rate. Formats with another
# accumulator keep their full rate, so their ratio to that slow 16-bit peak is doubled.
HALF_RATE = "half_rate_accumulate"
_FULL_RATE_FORMATS = {"int8", "int4", "fp4"}
_TOLERANCE = 0.02
# Matrix peak at 16 bits over the vector peak at 32 bits, by architecture; several where big and
# small chips differ. A sparse peak is twice as high, even if all peaks of a record are sparse.
MATRIX_PER_VECTOR = {
    "Pascal": (2.0,),
    "Volta": (8.0,),
    "Turing": (8.0,),
    "Ampere": (16.0, 4.0),
    "Ada": (4.0,),
    "Hopper": (14.4,),
    "Grace Hopper": (14.4,),
    "Blackwell": (30.0, 4.0),
    "Blackwell Ultra": (30.0,),
    "Grace Blackwell": (30.0,),
    "Grace Blackwell Ultra": (30.0,),
    "CDNA1": (8.0,),
    "CDNA2": (8.0,),
    "CDNA3": (8.0,),
    "CDNA4": (16.0,),
}
_MATRIX_TOLERANCE = 0.15  # the two kinds of unit are quoted at different clocks
# Wider than any product; an error of unit or of a digit falls outside.
BOUNDS = {"tdp": (5.0, 3000.0), "memory": (0.1, 1000.0), "bandwidth": (10.0, 100e3)}
WATTS_PER_MM2 = (0.05, 2.0)
RETICLE_MM2 = 858.0  # 26 mm x 33 mm, the largest exposure field of a scanner
WAFER_SCALE = "wafer_scale"
DEVICES_PER_MODULE = "devices_per_module"  # of a board that software sees as several devices
_MM2_PER_CM2 = 100.0


def check_accelerator(catalog: Catalog, record: Record) -> Iterator[Problem]:
    """Problems of an accelerator record, by all rules of this module."""
    yield from _check_peak_ratios(record)
    yield from _check_matrix_peak(record)
    yield from _check_bounds(record)
    yield from _check_bandwidth(catalog, record)
    yield from _check_dies(catalog, record)
    if DEVICES_PER_MODULE in record.data and not _is_several(record.data[DEVICES_PER_MODULE]):
        message = f"{DEVICES_PER_MODULE} is a whole number of at least 2"
        yield _problem(record, DEVICES_PER_MODULE, message)
    idle, tdp = _fact(record, "idle_power"), _fact(record, "tdp")
    if idle is not None and tdp is not None and idle.value >= tdp.value:
        yield _problem(record, "idle_power", "idle power is not below TDP")


def _is_several(value: object) -> bool:
    return isinstance(value, int) and value > 1


def needs_boundary(kind: str, field: str) -> bool:
    """Whether a power needs a stated boundary; that of a CPU is always its package."""
    power = field == "tdp" or field.endswith("_power")
    return power and kind in {"accelerators", "servers"}


def _problem(record: Record, field: str, message: str) -> Problem:
    mark = record.document.mark((field,), key=True)
    return Problem("CC402", f"{record.kind}/{record.id}: {message}", mark)


def _fact(record: Record, *path: str | int) -> Fact | None:
    """A fact; None if it is missing, or invalid and reported elsewhere."""
    try:
        return record.fact(*path)
    except CarbonctlError:
        return None


def _is_exempt(record: Record, name: str) -> bool:
    """Whether the record states a reason for an unusual peak ratio of this format."""
    freed = record.data.get("peak_ratios")
    return isinstance(freed, dict) and bool(freed.get(name))


def _check_peak_ratios(record: Record) -> Iterator[Problem]:
    base = _fact(record, "peak_bf16")
    for name, usual in USUAL_PEAK_RATIOS.items():
        field = f"peak_{name}"
        other = _fact(record, field)
        if base is None or other is None or _is_exempt(record, name):
            continue
        slow = bool(record.data.get(HALF_RATE)) and name in _FULL_RATE_FORMATS
        ratio = 2.0 * usual if slow else usual
        if abs(other.value / base.value / ratio - 1) > _TOLERANCE:
            message = f"{field} is not {ratio:g} times peak_bf16: sparse or dense? "
            message += f"else give {HALF_RATE} or a reason under peak_ratios"
            yield _problem(record, field, message)


def _check_matrix_peak(record: Record) -> Iterator[Problem]:
    usual = MATRIX_PER_VECTOR.get(record.text("architecture"))
    matrix, vector = _fact(record, "peak_bf16"), _fact(record, "peak_fp32")
    if usual is None or matrix is None or vector is None or _is_exempt(record, "fp32"):
        return
    ratio = matrix.value / vector.value * (2.0 if record.data.get(HALF_RATE) else 1.0)
    if all(abs(ratio / one - 1) > _MATRIX_TOLERANCE for one in usual):
        message = f"peak_bf16 is {ratio:.3g} times peak_fp32, unlike others of this architecture"
        yield _problem(record, "peak_bf16", f"{message}: sparse or dense?")


def _check_bounds(record: Record) -> Iterator[Problem]:
    if record.data.get(WAFER_SCALE):
        return
    for field, (least, most) in BOUNDS.items():
        fact = _fact(record, field)
        if fact is not None and not least <= fact.value <= most:
            text = f"{field} {fact.value:g} {fact.unit} is outside {least:g} to {most:g}"
            yield _problem(record, field, text)


def _check_bandwidth(catalog: Catalog, record: Record) -> Iterator[Problem]:
    """A problem if the bandwidth exceeds that of the widest bus of its kind of memory."""
    kind, speed = record.text("memory_type"), _fact(record, "bandwidth")
    if speed is None or catalog.path("memory", kind) is None:
        return
    most = _fact(catalog.record("memory", kind), "most_bandwidth")
    if most is not None and speed.value > most.value * (1 + _TOLERANCE):
        message = f"bandwidth {speed.value:g} GB/s is more than {kind} gives, {most.value:g} GB/s"
        yield _problem(record, "bandwidth", f"{message}: counted twice?")


def _check_dies(catalog: Catalog, record: Record) -> Iterator[Problem]:
    total = 0.0
    dies: list[dict[str, Any]] = record.data.get("dies") or []
    for place, die in enumerate(dies):
        area, count = _fact(record, "dies", place, "area"), die.get("count")
        if area is None or not isinstance(count, int):
            yield _problem(record, "dies", "a die is {count, area, node}")
            return
        size = area.value * _MM2_PER_CM2
        total += size * count
        if size > RETICLE_MM2 and not record.data.get(WAFER_SCALE):
            message = f"a die of {size:g} mm2 is larger than a reticle, {RETICLE_MM2:g} mm2"
            yield _problem(record, "dies", message)
        yield from _check_node(catalog, record, str(die.get("node")))
    tdp = _fact(record, "tdp")
    least, most = WATTS_PER_MM2
    if tdp is not None and total and not least <= tdp.value / total <= most:
        message = f"{tdp.value / total:.3g} W/mm2 of die is outside {least:g} to {most:g}"
        yield _problem(record, "tdp", message)


def _check_node(catalog: Catalog, record: Record, node: str) -> Iterator[Problem]:
    if catalog.path("processes", node) is None:
        yield _problem(record, "dies", f"node {node} has no file")
        return
    first, launched = (
        _fact(catalog.record("processes", node), "first_year"),
        record.data.get("launched"),
    )
    if first is not None and isinstance(launched, int) and launched < first.value:
        message = f"launched {launched}, before the first chips of {node} in {first.value:.0f}"
        yield _problem(record, "dies", message)
