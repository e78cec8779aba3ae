"""The record of a serving runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from carbonctl.catalog.read import Record
    from carbonctl.core.fact import Fact
    from carbonctl.core.strict_yaml import Path
    from carbonctl.scenario.resolve.context import Context
    from carbonctl.scenario.schema import scenario_file as schema

# The stack whose energy was measured most often; profiles of 2026 are told by throughput alone.
DEFAULT_RUNTIME = "vllm_2025"


def runtime_record(ctx: Context, infer: schema.Infer, path: Path) -> Record:
    """The record of the runtime that a scenario names, else of the default."""
    return ctx.record("runtimes", infer.runtime or DEFAULT_RUNTIME, (*path, "runtime"))


def runtime_fact(ctx: Context, stack: Record, name: str) -> Fact:
    """A fact of a runtime that few runtimes state; else its default."""
    return stack.fact(name, label=f"{name.replace('_', ' ')}, {stack.name}") or ctx.default(name)
