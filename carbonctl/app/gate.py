"""Judge scenarios and saved results by a policy, or by the budget of each scenario."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from carbonctl import __version__
from carbonctl.app.baseline_pairing import check_extent, check_names, pair
from carbonctl.app.gate_input import Contents, GateInput, GateOptions, Request
from carbonctl.app.gate_inputs import is_allowed, load_gate_inputs
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
from carbonctl.gate.judge import Unanswerable, judge
from carbonctl.gate.measures import names
from carbonctl.gate.refusals import Refusal, below_their_row, below_zero
from carbonctl.gate.rules import BLOCKS, LIMITS
from carbonctl.report.facts import with_citations
from carbonctl.report.gate import (
    changed_inputs,
    refusal_verdict,
    rule_verdict,
    verdict_of,
    with_beside,
)
from carbonctl.report.text.gate_words import saved_in_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from carbonctl.gate.rules import Policy, Rule
    from carbonctl.result.estimate import EstimateResult
    from carbonctl.result.gate import GateVerdict, SavedStatus


@record
class GateResult:
    """The verdict on several files, with the results that it was reached on."""

    verdict: GateVerdict
    inputs: list[GateInput]
    warnings: list[Problem]
    sources: dict[str, list[str]]

    @property
    def status(self) -> str:
        """``pass``, ``warn``, ``uncertain`` or ``fail``: the worst of all rules."""
        status: str = self.verdict["status"]
        return status

    @property
    def exit_code(self) -> int:
        """0 where every rule passes, 4 where one is violated, 5 where one is undecided."""
        code: int = self.verdict["exit_code"]
        return code

    @property
    def results(self) -> Iterator[tuple[str, EstimateResult]]:
        """Each file with its result, unpacked one at a time."""
        for one in self.inputs:
            yield one.file, cast("EstimateResult", one.contents().data)

    def as_data(self) -> dict[str, Any]:
        """One result with its verdict, or several under one."""
        results = [
            data if one.catalog is None else with_citations(data, one.catalog)
            for one in self.inputs
            for data in (one.contents().data,)
        ]
        if len(results) == 1:
            return results[0] | {"gate": self.verdict}
        tool = {"name": "carbonctl", "version": __version__}
        head = {"schema_version": "1.0", "command": "gate", "tool": tool}
        return head | {"results": results, "gate": self.verdict}

    def to_dict(self) -> dict[str, Any]:
        """What ``-f json`` prints, as a dict of its own."""
        return copy.deepcopy(self.as_data())

    def render(self, form: str = "json") -> str:
        """The text of a format of ``carbonctl gate`` that is no table."""
        from carbonctl.report.formats import render

        return render(self.as_data(), form)

    def draw(self, out: Any, *, quiet: bool = False) -> None:
        """Print the rules on each result, and the verdict, on a console of Rich."""
        from carbonctl.report.text.gate_table import render

        render(self.verdict, self.results, out, quiet=quiet)

    def findings(self) -> str:
        """What does not pass, as errors with their places; empty where everything does."""
        from carbonctl.report.text.gate_words import findings

        return findings(self.verdict, self.sources)

    def to_json(self) -> str:
        """What ``-f json`` prints, to the byte."""
        return self.render("json")

    def __repr__(self) -> str:
        counts = [f"{n} {name}" for name, n in self.verdict["counts"].items() if n]
        return f"{self.status}: {', '.join(counts)}"


def run_gate(
    files: Sequence[str],
    policy: str | None = None,
    baseline: Sequence[str] = (),
    today: str | None = None,
    notes: Sequence[str] = (),
    options: GateOptions | None = None,
) -> GateResult:
    """The verdict of a policy, or of each scenario's budget, on files.

    Every file is read and evaluated before any is judged, so that all that is broken comes out
    together. ``baseline`` are results or scenarios to compare to; ``today`` is the day, as in
    2027-03-31, that exceptions are judged by. InputError where a file, the policy or a rule is
    broken.
    """
    day = _parse_day(today)
    options = options or GateOptions()
    rules, broken = _read_policy(policy)
    request = _request_of(rules)
    inputs = _load_all(list(dict.fromkeys(files)), options, request, broken)
    check_names(inputs, "scenarios")
    baselines = _load_baselines(baseline, inputs, options, request, rules)
    for one in inputs:
        if one.file in baselines:
            check_extent(one, baselines[one.file])
    inputs = [_with_earlier_name(one, baselines.get(one.file)) for one in inputs]
    applied = [_rules_for(one, rules) for one in inputs]
    idle = _unused_rules(rules, applied)
    sources = {} if rules is None else dict(rules.sources)
    for one in inputs:
        sources |= one.sources
    judged = _judge_all(inputs, applied, baselines, rules, day, sources)
    verdict = verdict_of(
        judged.rules,
        rules,
        _baseline_version(baselines),
        day.isoformat() if rules is not None and rules.excuses else None,
        [rule.id for rule in idle],
    )
    beside = _beside(inputs, baselines, judged.changed)
    verdict = with_beside(verdict, judged.refused, beside)
    if notes:
        verdict["notes"] = list(notes)
    warnings = [problem for one in inputs for problem in one.warnings]
    warnings += _warnings_of_verdict(idle, [*inputs, *baselines.values()])
    return GateResult(cast("GateVerdict", verdict), inputs, warnings, sources)


def _request_of(policy: Policy | None) -> Request:
    """What the rules of a policy need of every result."""
    if policy is None:
        return Request()
    limits = [limit for rule in policy.rules if (limit := rule.draw_limit) is not None]
    return Request(
        policy.accounting,
        frozenset(rule.accounting for rule in policy.rules),
        tuple(dict.fromkeys(limits)),
        policy.overlays,
    )


def _unused_rules(policy: Policy | None, applied: list[list[Rule]]) -> list[Rule]:
    """Rules of a policy that are about none of the files."""
    used = {rule for rules in applied for rule in rules}
    return [] if policy is None else [rule for rule in policy.rules if rule not in used]


def _with_earlier_name(one: GateInput, before: GateInput | None) -> GateInput:
    """A result that knows what it was called in its baseline, where that is another name."""
    if before is None or before.name == one.name:
        return one
    return replace(one, earlier_name=before.name)


class _Judged(NamedTuple):
    """Verdicts of rules, refusals, and inputs that changed, as plain data."""

    rules: list[dict[str, Any]]
    refused: list[dict[str, Any]]
    changed: list[dict[str, Any]]


def _judge_all(
    inputs: list[GateInput],
    applied: list[list[Rule]],
    baselines: dict[str, GateInput],
    policy: Policy | None,
    today: date,
    sources: dict[str, list[str]],
) -> _Judged:
    """Every rule on every result, a file at a time; all rules that have no answer come out."""
    judged = _Judged([], [], [])
    problems: list[Problem] = []
    excuses = policy.excuses if policy is not None else ()
    for one, rules in zip(inputs, applied, strict=True):
        contents, before = one.contents(), baselines.get(one.file)
        earlier = None if before is None else before.contents()
        reference = None if before is None or earlier is None else before.subject(earlier)
        subject = one.subject(contents)
        data_before = None if earlier is None else earlier.data
        for rule in rules:
            try:
                result = judge(rule, subject, reference, excuses, today)
            except Unanswerable as error:
                problems.append(_unanswerable(error, contents))
            else:
                judged.rules.append(rule_verdict(result, contents.causes, data_before))
        for refusal in _refusals((one, contents), before, earlier, policy):
            judged.refused.append(refusal_verdict(one.file, one.name, refusal))
        if earlier is not None:
            judged.changed.extend(changed_inputs(one.file, one.name, contents.data, earlier.data))
    if problems:
        raise InputError(list(dict.fromkeys(problems)), sources)
    return judged


def _refusals(
    head: tuple[GateInput, Contents],
    before: GateInput | None,
    earlier: Contents | None,
    policy: Policy | None,
) -> Iterator[Refusal]:
    """What of a result, or of its baseline, the gate does not accept."""
    overlays = () if policy is None else policy.overlays
    for side, what in ((head[0], ""), (before, "the baseline has ")):
        if side is not None and side.overlay is not None:
            folder = side.overlay["folder"]
            if not is_allowed(folder, overlays):
                yield _overlay_refused(side.overlay, what)
    allowed = () if policy is None else policy.allow_given
    yield from below_their_row(head[1].data, None if earlier is None else earlier.data, allowed)
    sides = [head[1], *([] if earlier is None else [earlier])]
    yield from below_zero(data for side in sides for data in side.bases.values())


def _overlay_refused(overlay: dict[str, Any], what: str) -> Refusal:
    facts, folder = overlay["facts"], overlay["folder"]
    named = ", ".join(facts) or "no fact in use"
    message = f"{what}hardware data of {folder or 'a folder that it does not name'}: {named}"
    hint = f"leave it out, or let the policy allow it: allow_overlay: [{folder or 'DIR'}]"
    return Refusal("CC614", message, tuple(facts), folder, hint=hint)


def _beside(
    inputs: list[GateInput], baselines: dict[str, GateInput], changed: list[dict[str, Any]]
) -> dict[str, Any]:
    """What a verdict says beside its rules: saved results, overlays, inputs that changed."""
    both = [("head", one) for one in inputs]
    both += [("baseline", one) for one in baselines.values()]
    saved = [{"side": side} | one.saved for side, one in both if one.saved is not None]
    overlays = [
        {"side": side, "file": one.file} | one.overlay
        for side, one in both
        if one.overlay is not None
    ]
    compared = {"changed_inputs": changed} if baselines else {}
    return {"saved": saved, "overlays": overlays} | compared


def _warnings_of_verdict(idle: list[Rule], sides: list[GateInput]) -> list[Problem]:
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


def _parse_day(text: str | None) -> date:
    """The day that exceptions are judged by; today where none is given."""
    if text is None:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = f'"{text}" is no day'
        raise UsageError(message, "as in --today 2027-03-31") from None


def _read_policy(file: str | None) -> tuple[Policy | None, list[CarbonctlError]]:
    """The policy, or what is wrong with it, to be said with what is wrong with the files."""
    try:
        return None if file is None else policies.read(file), []
    except CarbonctlError as error:
        return None, [error]


def _load_all(
    files: list[str], options: GateOptions, request: Request, broken: list[CarbonctlError]
) -> list[GateInput]:
    """Every file; the problems of all that are broken together, what the user did wrong first."""
    inputs: list[GateInput] = []
    errors, buffer = list(broken), bytearray()
    options = replace(options, samples=0) if broken else options  # nothing will be judged
    for file in files:
        try:
            inputs += (
                replace(one, packed=one.packed.moved_to(buffer))
                for one in load_gate_inputs(file, options, request)
            )
        except CarbonctlError as error:
            errors.append(error)
    if errors:
        problems = [problem for error in errors for problem in error.problems]
        sources = {name: lines for error in errors for name, lines in error.sources.items()}
        codes = sorted(error.exit_code for error in errors)
        raise CarbonctlError(problems, sources, codes[0])
    return inputs


def _rules_for(one: GateInput, policy: Policy | None) -> list[Rule]:
    """The rules about one result; none at all would pass anything, and is an error.

    A budget of the scenario's own is judged beside a policy, and never satisfies it. A scenario is
    covered by a rule that binds as far as the policy's do: where it has limits, by a limit.
    """
    if policy is None:
        if one.budget:
            return list(one.budget)
        message, hint = "there is nothing to hold", "give --policy, or a budget in the scenario"
        raise InputError([Problem("CC604", message, Mark(one.file, 1, 1), hint)])
    found = [rule for rule in policy.rules if rule.applies(*one.names)]
    wanted = max(rule.strength for rule in policy.rules)
    if max((rule.strength for rule in found), default=-1) >= wanted:
        return [*found, *one.budget]
    name = one.name
    message, hint = f'no rule applies to "{name}"', "the scenarios of the rules are all others"
    if found:
        what = {LIMITS: "no limit", BLOCKS: "no rule that blocks"}[wanted]
        message = f'{what} of the policy applies to "{name}"'
        hint = f"what does: {', '.join(rule.id for rule in found)}"
    if one.budget:
        hint += "; the scenario's own budget does not satisfy a policy"
    first = next(rule for rule in policy.rules if rule.strength == wanted)
    raise InputError([Problem("CC604", message, first.where, hint)], policy.sources)


def _load_baselines(
    files: Sequence[str],
    inputs: list[GateInput],
    options: GateOptions,
    request: Request,
    policy: Policy | None,
) -> dict[str, GateInput]:
    """The result of the baseline for every file, by path where there are several, else by name."""
    scenarios = [one.name for one in inputs]
    rules = [] if policy is None else [r for r in policy.rules if r.applies(*scenarios)]
    compared = [rule for rule in rules if rule.kind == "max_increase"]
    optional = bool(compared) and all(rule.baseline_optional for rule in compared)
    baselines = [
        one
        for file in dict.fromkeys(files)
        if not optional or file == "-" or Path(file).exists()
        for one in load_gate_inputs(file, replace(options, sets=()), request)
    ]
    check_names(baselines, "baselines")
    return pair(inputs, baselines)


def _unanswerable(error: Unanswerable, contents: Contents) -> Problem:
    """The problem of a rule whose number or baseline there is not."""
    hint = "--baseline main.json, or baseline: optional in the rule"
    mark = error.rule.where
    if error.code == "CC606":
        mark = error.rule.named_at
        data = next(iter(contents.bases.values()))
        hint = (
            did_you_mean(error.rule.metric, names(data)) or "carbonctl lifecycle -f json: metrics"
        )
    return Problem(error.code, str(error), mark, hint)


def _baseline_version(baselines: dict[str, GateInput]) -> dict[str, Any] | None:
    """What was compared to, and which versions made it."""
    first = next(iter(baselines.values()), None)
    if first is None:
        return None
    if first.saved is not None:
        versions = first.saved
    else:
        data = first.contents().data
        versions = {
            "tool_version": data["tool"]["version"],
            "data_version": data["data"]["version"],
        }
    return {
        "file": first.file.partition("#")[0],
        "tool_version": versions["tool_version"],
        "data_version": versions["data_version"],
    }
