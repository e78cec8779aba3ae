"""Report of forecast errors against measurements: tests, number of cases, error statistics."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from carbonctl.report.numbers import printable
from carbonctl.verify.throughput_cases import LAYOUTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True)
class ScoreView:
    """Title and wording of the scores of one table, and the groups shown besides ``all``."""

    title: str
    noun: str
    questions: dict[str, str]
    shown: frozenset[tuple[str, str]] = frozenset()


_TRAINING = ScoreView(
    "Forecasts of training runs against measurements",
    "run",
    {
        "time": "time, accelerator-hours from work",
        "power": "power, W from the accelerator",
        "energy": "energy, MWh from work",
    },
    frozenset({("energy", "active=1B_or_more")}),
)
_EMBODIED = ScoreView(
    "Forecasts of product footprints against published ones",
    "product",
    {"manufacturing": "manufacturing, kgCO2e from a bill of materials"},
    frozenset(
        ("manufacturing", group)
        for group in ("subject=accelerator", "subject=server", "subject=storage", "pooled=dell")
    ),
)
_INFERENCE = ScoreView(
    "Forecasts of serving against measurements",
    "configuration",
    {
        "energy_per_token": "energy, J per output token",
        "energy_given_throughput": "energy, J per output token, throughput given",
        "energy_per_image": "energy, J per image",
        "energy_per_video": "energy, J per clip",
        "wall_energy": "energy at the wall plug, J per sample",
        "throughput": "throughput, tokens, pictures or samples per second",
        "throughput_published": "published throughput of language models, tokens per second",
    },
    frozenset({("energy_per_token", "model=dense, one device"),
               *(("throughput_published", f"layout={name}") for name in LAYOUTS),
               ("energy_per_token", "task=image-chat"), ("energy_per_token", "task=video-chat")}),
)  # fmt: skip
SCORE_VIEWS = {"training": _TRAINING, "embodied": _EMBODIED, "inference": _INFERENCE}
_HEADER = f"{'':2}{'method':<25}{'n':>5}{'median':>8}{'p90':>8}{'bias':>8}{'within 2x':>11}"
_WIDTH = 80


def scores_as_data(
    scores: list[dict[str, Any]], sha256: str, in_sample: Mapping[str, int]
) -> dict[str, Any]:
    """Scores as plain data, with the number of cases per test that the constants were fitted to."""
    return {"cases_sha256": sha256, "in_sample": dict(in_sample), "tests": scores}


def format_scores(data: dict[str, Any], view: ScoreView, *, held_out: bool, verbose: bool) -> str:
    """Scores as text, one block per test and group."""
    how = (
        f"Each {view.noun} is forecast with constants fitted without its family."
        if held_out
        else "Forecast with the constants of estimates, which are fitted to the bundled table."
    )
    shown = [
        s
        for s in data["tests"]
        if verbose or s["group"] == "all" or (s["test"], s["group"]) in view.shown
    ]
    lines = [view.title, how, *_in_sample_lines(data, view)]
    for (test, group), found in groupby(shown, lambda s: (s["test"], s["group"])):
        lines += ["", *_group_lines(view, test, group, list(found))]
    lines += ["", f"cases sha256 {data['cases_sha256'][:16]}"]
    return "\n".join(lines) + "\n"


def _in_sample_lines(data: dict[str, Any], view: ScoreView) -> list[str]:
    """A warning if the constants were fitted to some of the cases."""
    seen = [f"{count} of {test}" for test, count in data["in_sample"].items() if count]
    if not seen:
        return []
    what = f"{view.noun}s" if max(data["in_sample"].values()) > 1 else view.noun
    text = (
        f"In sample: {', '.join(seen)}: {what} of the bundled table, to which these constants "
        "were fitted; errors on them are not forecast errors."
    )
    return textwrap.wrap(text, _WIDTH)


def _group_lines(
    view: ScoreView, test: str, group: str, scores: list[dict[str, Any]]
) -> Iterator[str]:
    first = scores[0]
    which = "" if group == "all" else f" [{printable(group)}]"
    head = f"{view.questions[test]}{which}: {_format_count(first['n'], view.noun)} of "
    yield from textwrap.wrap(head + _format_count(first["families"], "family"), _WIDTH)
    if first["n"]:
        yield _HEADER + f"{'covered':>9}"
        yield from map(_score_line, scores)
    if group == "all" and first["excluded"]:
        left = "; ".join(f"{reason} ({count})" for reason, count in first["excluded"].items())
        yield from textwrap.wrap(
            f"left out: {left}", _WIDTH, initial_indent="  ", subsequent_indent="    "
        )


def _format_count(count: int, noun: str) -> str:
    plural = f"{noun.removesuffix('y')}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count} {noun if count == 1 else plural}"


def _score_line(score: dict[str, Any]) -> str:
    covered = "-" if score["coverage"] is None else f"{score['coverage']:.0%}"
    return (
        f"  {score['method']:<25}{score['n']:>5}{score['median_ape']:>8.1%}"
        f"{score['p90_ape']:>8.1%}{score['bias']:>+8.0%}{score['within_2x']:>11.0%}{covered:>9}"
    )
