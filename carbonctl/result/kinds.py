"""Kinds of results, with the record and the commands of each."""

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
    """Values of the key ``command`` in results of a kind; empty for errors, which lack the key."""
    if kind == "errors":
        return ()
    return _ESTIMATES if kind == "estimate" else (kind,)


def kind_of(command: object) -> Kind | None:
    """The kind of result of a command; None for an unknown command."""
    return next((kind for kind in KINDS if command in commands_of(kind)), None)


@cache
def type_adapter(kind: Kind) -> TypeAdapter[Any]:
    """The pydantic adapter of a kind of result; cached."""
    return TypeAdapter(_RECORDS[kind])
