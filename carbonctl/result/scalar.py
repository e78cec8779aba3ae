"""Types of plain values of a result."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticKnownError

Unit = Literal["kgCO2e"]
SchemaVersion = Annotated[str, Field(pattern=r"^1\.\d+$")]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Provenance = dict[str, dict[str, str]]  # field -> formula, source, flag or method behind it


def _as_int(value: Any) -> Any:
    """An integer for a float without a fraction, because JSON has one type of number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _as_exit_code(value: Any) -> Any:
    """An exit code as an integer; ``false`` is invalid, although Python treats it as 0."""
    if isinstance(value, bool):
        raise PydanticKnownError("literal_error", {"expected": "0, 4 or 5"})
    return _as_int(value)


Whole = Annotated[int, BeforeValidator(_as_int)]
Samples = Annotated[int, Field(ge=0, le=1_000_000), BeforeValidator(_as_int)]
Seed = Annotated[int, Field(ge=0), BeforeValidator(_as_int)]
GateExitCode = Annotated[Literal[0, 4, 5], BeforeValidator(_as_exit_code)]
