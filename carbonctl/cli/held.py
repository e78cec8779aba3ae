"""What ``gate`` does between its flags and its verdict: read, evaluate, hold."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carbonctl import __version__
from carbonctl.cli.looked import Looked, Wanted, look
from carbonctl.core.errors import (
    CarbonctlError,
    InputError,
    Mark,
    Problem,
    UsageError,
    did_you_mean,
)
from carbonctl.core.record import record
from carbonctl.report.facts import cited
from carbonctl.report.gate import as_data
from carbonctl.scenario import policy as policies
from carbonctl.study.gate import Held, Subject, Unanswerable, judge
from carbonctl.study.measures import names

if TYPE_CHECKING:
    from carbonctl.scenario.rules import Policy, Rule


@record
class Gate:
    """The verdict on several files, with the results that it was reached on."""

    verdict: dict[str, Any]
    looked: list[Looked]
    warnings: list[Problem]
    sources: dict[str, list[str]]

    @property
    def results(self) -> dict[str, dict[str, Any]]:
        """The result of every file."""
        return {one.subject.file: one.data for one in self.looked}

    def as_data(self) -> dict[str, Any]:
        """One result with its verdict, or several under one."""
        made = [
            one.data if one.catalog is None else cited(one.data, one.catalog) for one in self.looked
        ]
        if len(made) == 1:
            return made[0] | {"gate": self.verdict}
        tool = {"name": "carbonctl", "version": __version__}
        head = {"schema_version": "1.0", "command": "gate", "tool": tool}
        return head | {"results": made, "gate": self.verdict}


def hold(flags: dict[str, Any]) -> Gate:
    """Read everything first, so that what is broken is said before anything is judged."""
    today = _today(flags["today"])
    policy, broken = _policy(flags["policy"])
    wanted = Wanted()
    if policy is not None:
        wanted = Wanted(policy.accounting, frozenset(rule.accounting for rule in policy.rules))
    looked = _look_at_all(list(dict.fromkeys(flags["files"])), flags, wanted, broken)
    rules = [_rules(one, policy) for one in looked]
    befores = _befores(flags, looked, wanted, [rule for own in rules for rule in own])
    applied = {rule for own in rules for rule in own}
    idle = [rule for rule in policy.rules if rule not in applied] if policy is not None else []
    sources = {} if policy is None else dict(policy.sources)
    for one in looked:
        sources |= one.sources
    held = _judged(zip(looked, rules, strict=True), befores, policy, today, sources)
    verdict = as_data(
        held,
        {one.subject.file: one.causes for one in looked},
        {file: before.data for file, before in befores.items()},
        policy,
        _baseline(befores),
        today.isoformat() if policy is not None and policy.excuses else None,
        [rule.id for rule in idle],
    )
    verdict["notes"] = list(flags.get("note") or ())
    warnings = [problem for one in looked for problem in one.warnings]
    return Gate(verdict, looked, warnings + _notes(idle, verdict["baseline"]), sources)


def _notes(idle: list[Rule], baseline: dict[str, Any] | None) -> list[Problem]:
    """What a reader of the verdict should know: rules about none of the files, old baselines."""
    notes = [
        Problem("CC604", f'the rule "{rule.id}" applies to none of the files', rule.where)
        for rule in idle
    ]
    made_by = __version__ if baseline is None else baseline["tool_version"]
    if baseline is not None and made_by != __version__:
        message = f"made by carbonctl {made_by}, and this is {__version__}"
        notes.append(Problem("CC612", message, Mark(baseline["file"])))
    return notes


def _today(text: str | None) -> date:
    if text is None:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = f'"{text}" is no day'
        raise UsageError(message, "as in --today 2027-03-31") from None


def _policy(file: str | None) -> tuple[Policy | None, list[CarbonctlError]]:
    """The policy, or what is wrong with it, to be said with what is wrong with the files."""
    try:
        return None if file is None else policies.read(file), []
    except CarbonctlError as error:
        return None, [error]


def _look_at_all(
    files: list[str], flags: dict[str, Any], wanted: Wanted, broken: list[CarbonctlError]
) -> list[Looked]:
    """Every file; the problems of all that are broken together, what the user did wrong first."""
    looked: list[Looked] = []
    errors = list(broken)
    flags = flags | {"samples": 0} if broken else flags  # nothing will be judged
    for file in files:
        try:
            looked += look(file, flags, wanted)
        except CarbonctlError as error:
            errors.append(error)
    if errors:
        problems = [problem for error in errors for problem in error.problems]
        sources = {name: lines for error in errors for name, lines in error.sources.items()}
        codes = sorted(error.exit_code for error in errors)
        raise CarbonctlError(problems, sources, codes[0])
    return looked


def _rules(one: Looked, policy: Policy | None) -> list[Rule]:
    """The rules about one result; none at all would pass anything, and is an error."""
    of_policy = policy.rules if policy is not None else ()
    found = [rule for rule in of_policy if rule.applies(one.subject.name)]
    found += one.budget
    if found:
        return found
    if policy is None:
        message, hint = "there is nothing to hold", "give --policy, or a budget in the scenario"
        raise InputError([Problem("CC604", message, Mark(one.subject.file, 1, 1), hint)])
    message = f'no rule applies to "{one.subject.name}"'
    hint = "the scenarios of the rules are all others"
    problem = Problem("CC604", message, policy.rules[0].where, hint)
    raise InputError([problem], policy.sources)


def _befores(
    flags: dict[str, Any], looked: list[Looked], wanted: Wanted, rules: list[Rule]
) -> dict[str, Looked]:
    """The result of the baseline for every file, by name where there are several."""
    compared = [rule for rule in rules if rule.kind == "max_increase"]
    optional = bool(compared) and all(rule.baseline_optional for rule in compared)
    found = [
        before
        for source in flags["baseline"] or ()
        if not optional or source == "-" or Path(source).exists()
        for before in look(source, flags | {"sets": None}, wanted)
    ]
    if len(found) == len(looked) == 1:
        return {looked[0].subject.file: found[0]}
    by_name = {before.subject.name: before for before in found}
    return {
        one.subject.file: by_name[one.subject.name] for one in looked if one.subject.name in by_name
    }


def _judged(
    looked: Any,
    befores: dict[str, Looked],
    policy: Policy | None,
    today: date,
    sources: dict[str, list[str]],
) -> list[Held]:
    """Every rule on every result; what cannot be held is said for all of them at once."""
    held: list[Held] = []
    problems: list[Problem] = []
    excuses = policy.excuses if policy is not None else ()
    for one, rules in looked:
        before = befores.get(one.subject.file)
        reference = before.subject if before is not None else None
        for rule in rules:
            try:
                held.append(judge(rule, one.subject, reference, excuses, today))
            except Unanswerable as error:
                problems.append(_unanswerable(error, one.subject))
    if problems:
        raise InputError(list(dict.fromkeys(problems)), sources)
    return held


def _unanswerable(error: Unanswerable, subject: Subject) -> Problem:
    hint = "--baseline main.json, or baseline: optional in the rule"
    mark = error.rule.where
    if error.code == "CC606":
        mark = error.rule.named_at
        data = next(iter(subject.bases.values()))
        hint = (
            did_you_mean(error.rule.metric, names(data)) or "carbonctl lifecycle -f json: metrics"
        )
    return Problem(error.code, str(error), mark, hint)


def _baseline(befores: dict[str, Looked]) -> dict[str, Any] | None:
    """What was compared to, and which versions made it."""
    first = next(iter(befores.values()), None)
    if first is None:
        return None
    return {
        "file": first.subject.file.partition("#")[0],
        "tool_version": first.data["tool"]["version"],
        "data_version": first.data["data"]["version"],
    }
