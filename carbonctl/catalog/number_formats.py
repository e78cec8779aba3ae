"""Number formats: spellings in records, and which formats a device computes in."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record

_WIDE = ("fp32", "bf16", "fp16")
_NARROW = ("fp8", "int8", "int4", "fp4", "mxfp4", "nvfp4")
NUMBER_FORMATS = (*_WIDE, *_NARROW)
# spelling of ``default_dtype`` in a model's record, as checkpoints write it -> precision
PRECISION_OF_DTYPE = {
    "float32": "fp32",
    "float16": "fp16",
    "half": "fp16",
    "bfloat16": "bf16",
    "float8_e4m3": "fp8",
    "float8_e4m3fn": "fp8",
    "float8_e5m2": "fp8",
    "float4_e2m1fn_x2": "fp4",
} | {name: name for name in NUMBER_FORMATS}
# precision -> the format whose peak applies, if it is another one
PEAK_OF_PRECISION = {"fp16": "bf16", "mxfp4": "fp4", "nvfp4": "fp4"}
# words in notes on serving formats, by which a report recognizes them
NOTE_PUBLISHED, NOTE_NAMED = "is published", "is named"
NOTE_REPLACED, NOTE_WEIGHTS_ALONE = "takes its place", "weights alone are in"


def precision_of_dtype(dtype: str) -> str | None:
    """The precision of a checkpoint's ``dtype``, such as ``bf16`` for ``bfloat16``; or None."""
    return PRECISION_OF_DTYPE.get(dtype.lower().removeprefix("torch."))


def default_precision(record: Record) -> str | None:
    """The precision that a model is published in; None if its record does not state it."""
    return precision_of_dtype(record.text("default_dtype"))


def has_peak(record: Record, precision: str) -> bool:
    """Whether a device computes in a format: it has a dense peak and does not lack the format."""
    peak = f"peak_{PEAK_OF_PRECISION.get(precision, precision)}"
    return record.data.get(peak) is not None and precision not in record.data.get("lacks", ())


def native_formats(record: Record) -> tuple[list[str], list[str]]:
    """Formats that a device computes in, and formats that it only stores weights in."""
    native = [name for name in NUMBER_FORMATS if has_peak(record, name)]
    return native, [name for name in _NARROW if name not in native]
