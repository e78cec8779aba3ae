"""The kinds of results, each with its record and the commands that make it."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

from pydantic import TypeAdapter

from carbonctl.result.compare import CompareResult
from carbonctl.result.diff import DiffResult
from carbonctl.result.estimate import EstimateResult, GateResult
from carbonctl.result.problem import ErrorsResult
from carbonctl.result.refresh import RefreshResult
from carbonctl.result.verify import VerifyResult

Kind = Literal["estimate", "gate", "compare", "refresh", "diff", "verify", "errors"]

_RECORDS: dict[Kind, Any] = {
    "estimate": EstimateResult,
    "gate": GateResult,
    "compare": CompareResult,
    "refresh": RefreshResult,
    "diff": DiffResult,
    "verify": VerifyResult,
    "errors": ErrorsResult,
}
KINDS: tuple[Kind, ...] = tuple(_RECORDS)
_ESTIMATES = ("train", "infer", "lifecycle", "embodied")


def commands_of(kind: Kind) -> tuple[str, ...]:
    """What ``command`` says in results of a kind; nothing for errors, which have no such key."""
    if kind == "errors":
        return ()
    return _ESTIMATES if kind == "estimate" else (kind,)


def kind_of(command: object) -> Kind | None:
    """The kind of result that a command makes; None where it is no command of ours."""
    return next((kind for kind in KINDS if command in commands_of(kind)), None)


@cache
def type_adapter(kind: Kind) -> TypeAdapter[Any]:
    """What checks and describes results of a kind, built once."""
    return TypeAdapter(_RECORDS[kind])
