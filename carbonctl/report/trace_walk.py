"""Traversal of a traced number down to its facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carbonctl.core.fact import Fact, weakest_tier
from carbonctl.core.formula import Step, Traced

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carbonctl.core.fact import Tier

Cause = Fact | Step


class UntracedNumberError(TypeError):
    """A number without a cause, as from arithmetic outside a formula: an internal error."""


def cause_of_number(value: Any, of: str = "") -> Cause:
    """The fact or formula step that a number comes from."""
    if isinstance(value, Traced):
        return value.cause
    message = f"{of or value!r} comes from no fact and no formula"
    raise UntracedNumberError(message)


def named_arguments(step: Step) -> Iterator[tuple[str, Traced]]:
    """Arguments of a step with names; items of a tuple are numbered."""
    for name, value in step.arguments.items():
        if isinstance(value, tuple):
            for place, item in enumerate(value):
                yield f"{name}[{place}]", _require_traced(item, step, name)
        else:
            yield name, _require_traced(value, step, name)


def _require_traced(value: Any, step: Step, name: str) -> Traced:
    if not isinstance(value, Traced):
        message = f"{step.id}: {name} comes from no fact and no formula"
        raise UntracedNumberError(message)
    return value


def cause_name(cause: Cause) -> str:
    """Id of a step, or key of a fact."""
    return cause.id if isinstance(cause, Step) else cause.key


def facts_under(*values: Traced) -> dict[str, Fact]:
    """Facts behind some numbers by key, in the order of their trees."""
    facts: dict[str, Fact] = {}
    for value in values:
        facts = facts | _facts_of_cause(value.cause) | facts  # of one key the first fact stays
    return facts


def _facts_of_cause(cause: Cause) -> dict[str, Fact]:
    """Facts behind a cause by key; cached per step, because numbers share steps."""
    if isinstance(cause, Fact):
        return {cause.key: cause}
    cached: dict[str, Fact] | None = cause.__dict__.get("facts_under")
    if cached is None:
        cached = {}
        for one in _causes(cause):
            cached = cached | _facts_of_cause(one) | cached
        cause.__dict__["facts_under"] = cached
    return cached


def _causes(step: Step) -> list[Cause]:
    """Causes of the arguments of a step."""
    causes: list[Cause] = []
    for name, value in step.arguments.items():
        if isinstance(value, tuple):
            causes += [_require_traced(item, step, name).cause for item in value]
        else:
            causes.append(_require_traced(value, step, name).cause)
    return causes


def steps_under(value: Traced) -> Iterator[tuple[Step, Traced]]:
    """All formula steps behind a number, each once, results before their arguments."""
    seen: set[int] = set()
    todo = [value]
    while todo:
        number = todo.pop()
        if isinstance(number.cause, Step) and id(number.cause) not in seen:
            seen.add(id(number.cause))
            yield number.cause, number
            todo.extend(reversed([item for _, item in named_arguments(number.cause)]))


def weakest_tier_of(facts: dict[str, Fact]) -> Tier:
    """The weakest tier of some facts."""
    return weakest_tier([fact.tier for fact in facts.values()])
