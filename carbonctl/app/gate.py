"""What ``gate`` does between its flags and its verdict: read, evaluate, hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from carbonctl import __version__
from carbonctl.app.baseline_pairing import check_extent, check_names, pair
from carbonctl.app.gate_inputs import Looked, Wanted, is_allowed, look
from carbonctl.core.errors import (
    CarbonctlError,
    InputError,
    Mark,
    Problem,
    UsageError,
    did_you_mean,
)
from carbonctl.core.record import record
from carbonctl.gate import policy as policies
from carbonctl.gate.judge import Held, Subject, Unanswerable, judge
from carbonctl.gate.measures import names
from carbonctl.gate.refusals import Refusal, below_their_row, below_zero
from carbonctl.gate.rules import BLOCKS, LIMITS
from carbonctl.report.facts import with_citations
from carbonctl.report.gate import as_data, changed_inputs, with_beside
from carbonctl.report.text.gate_words import saved_in_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carbonctl.gate.rules import Policy, Rule
    from carbonctl.result.estimate import EstimateResult
    from carbonctl.result.gate import GateVerdict, SavedStatus


@record
class Gate:
    """The verdict on several files, with the results that it was reached on."""

    verdict: GateVerdict
    looked: list[Looked]
    warnings: list[Problem]
    sources: dict[str, list[str]]

    @property
    def results(self) -> dict[str, EstimateResult]:
        """The result of every file."""
        return {one.subject.file: cast("EstimateResult", one.data) for one in self.looked}

    def as_data(self) -> dict[str, Any]:
        """One result with its verdict, or several under one."""
        made = [
            one.data if one.catalog is None else with_citations(one.data, one.catalog)
            for one in self.looked
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
        others = frozenset(rule.accounting for rule in policy.rules)
        wanted = Wanted(policy.accounting, others, policy.overlays)
    looked = _look_at_all(list(dict.fromkeys(flags["files"])), flags, wanted, broken)
    check_names(looked, "scenarios")
    befores = _befores(flags, looked, wanted, policy)
    for one in looked:
        if one.subject.file in befores:
            check_extent(one, befores[one.subject.file])
    looked = [_with_earlier_name(one, befores.get(one.subject.file)) for one in looked]
    rules = [_rules(one, policy) for one in looked]
    applied = {rule for own in rules for rule in own}
    idle = [rule for rule in policy.rules if rule not in applied] if policy is not None else []
    sources = {} if policy is None else dict(policy.sources)
    for one in looked:
        sources |= one.sources
    held = _judged(zip(looked, rules, strict=True), befores, policy, today, sources)
    refused = [
        (one.subject, refusal)
        for one in looked
        for refusal in _refusals(one, befores.get(one.subject.file), policy)
    ]
    verdict = as_data(
        held,
        {one.subject.file: one.causes for one in looked},
        {file: before.data for file, before in befores.items()},
        policy,
        _baseline(befores),
        today.isoformat() if policy is not None and policy.excuses else None,
        [rule.id for rule in idle],
    )
    verdict = with_beside(verdict, refused, _beside(looked, befores))
    if flags.get("note"):
        verdict["notes"] = list(flags["note"])
    warnings = [problem for one in looked for problem in one.warnings]
    notes = _notes(idle, [*looked, *befores.values()])
    return Gate(cast("GateVerdict", verdict), looked, warnings + notes, sources)


def _with_earlier_name(one: Looked, before: Looked | None) -> Looked:
    """A result that knows what it was called in its baseline, where that is another name."""
    if before is None or before.subject.name == one.subject.name:
        return one
    return replace(one, subject=replace(one.subject, earlier=before.subject.name))


def _refusals(one: Looked, before: Looked | None, policy: Policy | None) -> Iterator[Refusal]:
    """What of a result, or of its baseline, the gate does not accept."""
    overlays = () if policy is None else policy.overlays
    for side, what in ((one, ""), (before, "the baseline has ")):
        if side is not None and side.overlay is not None:
            folder = side.overlay["folder"]
            if not is_allowed(folder, overlays):
                yield _overlay_refused(side.overlay, what)
    allowed = () if policy is None else policy.allow_given
    yield from below_their_row(one.data, None if before is None else before.data, allowed)
    sides = [one, *([] if before is None else [before])]
    yield from below_zero(data for side in sides for data in side.subject.bases.values())


def _overlay_refused(overlay: dict[str, Any], what: str) -> Refusal:
    facts, folder = overlay["facts"], overlay["folder"]
    named = ", ".join(facts) or "no fact in use"
    message = f"{what}hardware data of {folder or 'a folder that it does not name'}: {named}"
    hint = f"leave it out, or let the policy allow it: allow_overlay: [{folder or 'DIR'}]"
    return Refusal("CC614", message, tuple(facts), folder, hint=hint)


def _beside(looked: list[Looked], befores: dict[str, Looked]) -> dict[str, Any]:
    """What a verdict says beside its rules: saved results, overlays, inputs that changed."""
    both = [("head", one) for one in looked]
    both += [("baseline", one) for one in befores.values()]
    saved = [{"side": side} | one.saved for side, one in both if one.saved is not None]
    overlays = [
        {"side": side, "file": one.subject.file} | one.overlay
        for side, one in both
        if one.overlay is not None
    ]
    changed = [
        change
        for one in looked
        if one.subject.file in befores
        for change in changed_inputs(one.subject, one.data, befores[one.subject.file].data)
    ]
    compared = {"changed_inputs": changed} if befores else {}
    return {"saved": saved, "overlays": overlays} | compared


def _notes(idle: list[Rule], sides: list[Looked]) -> list[Problem]:
    """What a reader of the verdict should know: idle rules, saved results of another version."""
    notes = [
        Problem("CC604", f'the rule "{rule.id}" applies to none of the files', rule.where)
        for rule in idle
    ]
    for one in sides:
        if one.saved is not None and (said := saved_in_words(cast("SavedStatus", one.saved))):
            code = "CC613" if one.saved["status"] == "trusted" else "CC612"
            notes.append(Problem(code, said, Mark(one.saved["file"])))
    return list(dict.fromkeys(notes))


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
    """The rules about one result; none at all would pass anything, and is an error.

    A budget of the scenario's own is judged beside a policy, and never satisfies it. A scenario is
    covered by a rule that binds as far as the policy's do: where it has limits, by a limit.
    """
    if policy is None:
        if one.budget:
            return list(one.budget)
        message, hint = "there is nothing to hold", "give --policy, or a budget in the scenario"
        raise InputError([Problem("CC604", message, Mark(one.subject.file, 1, 1), hint)])
    found = [rule for rule in policy.rules if rule.applies(*one.subject.names)]
    wanted = max(rule.strength for rule in policy.rules)
    if max((rule.strength for rule in found), default=-1) >= wanted:
        return [*found, *one.budget]
    name = one.subject.name
    message, hint = f'no rule applies to "{name}"', "the scenarios of the rules are all others"
    if found:
        what = {LIMITS: "no limit", BLOCKS: "no rule that blocks"}[wanted]
        message = f'{what} of the policy applies to "{name}"'
        hint = f"what does: {', '.join(rule.id for rule in found)}"
    if one.budget:
        hint += "; the scenario's own budget does not satisfy a policy"
    first = next(rule for rule in policy.rules if rule.strength == wanted)
    raise InputError([Problem("CC604", message, first.where, hint)], policy.sources)


def _befores(
    flags: dict[str, Any], looked: list[Looked], wanted: Wanted, policy: Policy | None
) -> dict[str, Looked]:
    """The result of the baseline for every file, by path where there are several, else by name."""
    names = [one.subject.name for one in looked]
    rules = [] if policy is None else [rule for rule in policy.rules if rule.applies(*names)]
    compared = [rule for rule in rules if rule.kind == "max_increase"]
    optional = bool(compared) and all(rule.baseline_optional for rule in compared)
    found = [
        before
        for source in dict.fromkeys(flags["baseline"] or ())
        if not optional or source == "-" or Path(source).exists()
        for before in look(source, flags | {"sets": None}, wanted)
    ]
    check_names(found, "baselines")
    return pair(looked, found)


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
    made_by = first.saved or {
        "tool_version": first.data["tool"]["version"],
        "data_version": first.data["data"]["version"],
    }
    return {
        "file": first.subject.file.partition("#")[0],
        "tool_version": made_by["tool_version"],
        "data_version": made_by["data_version"],
    }
