"""A policy: from its file to checked rules, with every position kept and every problem named."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from carbonctl.core import files, strict_yaml
from carbonctl.core.errors import InputError, Problem, did_you_mean, sort_problems
from carbonctl.core.metrics import COST, QUALITY, common_metrics, is_possible_metric
from carbonctl.core.naming import unit_of
from carbonctl.core.units import UnitError
from carbonctl.gate.limits import money, price, quantity, share
from carbonctl.gate.policy_schema import check
from carbonctl.gate.rules import Excuse, Policy, Rule
from carbonctl.scenario.read.extends import is_quotable

if TYPE_CHECKING:
    from collections.abc import Callable

    from carbonctl.core.strict_yaml import Document
    from carbonctl.gate.limits import Price
    from carbonctl.gate.rules import Kind

T = TypeVar("T")
_DEFAULTS = {
    "level": "error",
    "statistic": "p50",
    "accounting": "location",
    "on_uncertain": "warn",
    "baseline": "required",
}
# a word of a rule -> the words that must, and those that may, stand beside it
_NEEDS = {
    "max": ({"metric"}, {"max_probability"}),
    "max_increase": ({"metric"}, {"min_delta"}),
    "require": (set(), set()),
    "forbid_tier": (set(), {"above_share"}),
    "forbid_warnings": (set(), set()),
    "require_source": (set(), set()),
    "max_given_without_source": (set(), set()),
}
_WORDS = ("metric", "max", "max_probability", "max_increase", "min_delta", "require",
          "forbid_tier", "above_share", "forbid_warnings", "require_source",
          "max_given_without_source")  # fmt: skip


def read(source: str, raw: bytes | None = None) -> Policy:
    """The policy of a file, or of its bytes; InputError with every problem of it."""
    document, digest = _document(source, raw)
    if not isinstance(document.data, dict):
        problem = Problem("CC007", "a policy is a mapping of keys", document.mark(()))
        raise InputError([problem], document.sources)
    found = check(document)
    reader = _Reader(document)
    if not found:
        rules, excuses = reader.rules(), reader.excuses()
        found = reader.problems
    if found:
        raise InputError(sort_problems(found), document.sources)
    accounting = str(reader.defaults["accounting"])
    return Policy(
        source,
        digest,
        rules,
        excuses,
        accounting,
        document.sources,
        allow_overlay=tuple(document.data.get("allow_overlay") or ()),
        allow_given=tuple(document.data.get("allow_given") or ()),
    )


def _document(source: str, raw: bytes | None) -> tuple[Document, str]:
    """A policy with its positions, and its digest; no error quotes a link out of its work tree."""
    given = files.read(source, strict_yaml.MAX_BYTES) if raw is None else raw
    try:
        document = strict_yaml.parse(given, source)
    except InputError as error:
        raise InputError(error.problems, _quotable(source, error.sources)) from None
    digest = hashlib.sha256("\n".join(document.sources[source]).encode()).hexdigest()
    document.sources = _quotable(source, document.sources)
    return document, digest


def _quotable(source: str, sources: dict[str, list[str]]) -> dict[str, list[str]]:
    return sources if is_quotable(source) else {}


class _Reader:
    """Turns entries into rules, and collects what is wrong on the way."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []
        self.ids: dict[str, int] = {}
        self.price: Price | None = None

    @property
    def defaults(self) -> dict[str, str]:
        """What holds for every rule that does not say otherwise."""
        said = self.document.data.get("defaults") or {}
        return _DEFAULTS | {name: value for name, value in said.items() if value is not None}

    def rules(self) -> tuple[Rule, ...]:
        given = self.document.data.get("carbon_price")
        if given is not None:
            self.price = self._read(lambda: price(given), ("carbon_price",))
        entries = self.document.data["rules"]
        if not entries:
            self._wrong("CC607", "a policy without rules would pass everything", ("rules",))
        made = [
            self._rule({k: v for k, v in entry.items() if v is not None}, place)
            for place, entry in enumerate(entries)
        ]
        return tuple(rule for rule in made if rule is not None)

    def excuses(self) -> tuple[Excuse, ...]:
        entries = self.document.data.get("exceptions") or []
        made = [self._excuse(entry, place) for place, entry in enumerate(entries)]
        return tuple(excuse for excuse in made if excuse is not None)

    def _wrong(
        self, code: str, message: str, path: strict_yaml.Path, hint: str = "", *, key: bool = False
    ) -> None:
        self.problems.append(Problem(code, message, self.document.mark(path, key=key), hint))

    def _read(self, parsed: Callable[[], T], path: strict_yaml.Path) -> T | None:
        try:
            return parsed()
        except UnitError as error:
            self._wrong(error.code, str(error), path)
            return None

    def _rule(self, entry: dict[str, Any], place: int) -> Rule | None:
        path: strict_yaml.Path = ("rules", place)
        before = len(self.problems)
        first = self.ids.setdefault(entry["id"], place)
        if first != place:
            line = self.document.marks["rules", first, "id"].line
            message = f'the rule "{entry["id"]}" is given twice (first on line {line})'
            self._wrong("CC608", message, (*path, "id"))
        kind = self._kind(entry, path)
        if kind is None:
            return None
        values = self._values(entry, kind, path)
        return None if len(self.problems) > before else self._made(entry, kind, values, path)

    def _kind(self, entry: dict[str, Any], path: strict_yaml.Path) -> Kind | None:
        """The one thing that a rule asks for; None, with the problem noted, when it is not one."""
        given = [word for word in _WORDS if word in entry]
        asked = [word for word in given if word in _NEEDS]
        choices = ", ".join(_NEEDS)
        if not asked:
            message = f'the rule "{entry["id"]}" asks for nothing'
            self._wrong("CC607", message, (*path, "id"), f"give one of {choices}")
            return None
        if len(asked) > 1:
            message = f'the rule "{entry["id"]}" asks for {" and ".join(asked)}'
            self._wrong("CC607", message, (*path, asked[1]), "make two rules of it", key=True)
            return None
        need, may = _NEEDS[asked[0]]
        if not need <= set(given):
            message, hint = f"{asked[0]} needs a metric", "as in metric: total_kgco2e"
            self._wrong("CC206", message, (*path, asked[0]), hint, key=True)
            return None
        for word in given:
            if word not in {asked[0], *need, *may}:
                message = f"{word} has no meaning beside {asked[0]}"
                self._wrong("CC607", message, (*path, word), key=True)
        if "max_probability" in entry and asked[0] == "max":
            return "max_probability"
        return asked[0]  # type: ignore[return-value]  # every other key of _NEEDS is a kind

    def _values(self, entry: dict[str, Any], kind: Kind, path: strict_yaml.Path) -> dict[str, Any]:
        if kind in {"require", "forbid_warnings", "require_source"}:
            return {"names": self._names(entry.get(kind), (*path, kind))}
        if kind == "max_given_without_source":
            return {"limit": self._count(entry[kind], (*path, kind)), "unit": "numbers"}
        if kind == "forbid_tier":
            share = self._share(entry.get("above_share"), (*path, "above_share"), 0.0)
            return {
                "names": self._names(entry.get("forbid_tier"), (*path, "forbid_tier")),
                "above_share": share,
            }
        metric = entry["metric"]
        if not self._is_metric(metric, (*path, "metric")):
            return {}
        values: dict[str, Any] = {"metric": metric, "unit": self._unit(metric)}
        if metric == COST:
            values["price"] = self.price
        if kind == "max_increase":
            return values | self._increase(entry, metric, path)
        values["limit"] = self._limit(entry["max"], metric, (*path, "max"))
        if kind == "max_probability":
            at = (*path, "max_probability")
            values["probability"] = self._share(entry.get("max_probability"), at, 0.0)
        return values

    def _unit(self, metric: str) -> str:
        if metric == COST:
            return self.price.currency if self.price is not None else ""
        return unit_of(metric)

    def _is_metric(self, metric: str, path: strict_yaml.Path) -> bool:
        if metric == COST and self.document.data.get("carbon_price") is None:
            message = "the cost of carbon needs a price"
            self._wrong("CC610", message, path, "as in carbon_price: 100 EUR/t, above the rules")
            return False
        if metric.startswith("quality.") and metric not in QUALITY:
            hint = did_you_mean(metric, QUALITY) or "one of " + ", ".join(QUALITY)
            self._wrong("CC606", f'unknown metric "{metric}"', path, hint)
            return False
        return metric != COST or self.price is not None

    def _increase(
        self, entry: dict[str, Any], metric: str, path: strict_yaml.Path
    ) -> dict[str, Any]:
        raw = entry["max_increase"]
        at = (*path, "max_increase")
        relative = isinstance(raw, str) and raw.strip().endswith("%")
        if relative or isinstance(raw, float):
            limit = self._read(lambda: share(raw), at)
        else:
            limit = self._limit(raw, metric, at)
        least: float | None = 0.0
        if "min_delta" in entry:
            least = self._limit(entry.get("min_delta"), metric, (*path, "min_delta"))
        return {"limit": limit, "relative": relative, "min_delta": least}

    def _limit(self, raw: Any, metric: str, path: strict_yaml.Path) -> float | None:
        if metric == COST and self.price is not None:
            currency = self.price.currency
            return self._read(lambda: money(raw, currency), path)
        if is_possible_metric(metric):
            return self._read(lambda: quantity(raw, unit_of(metric)), path)
        try:
            return quantity(raw, unit_of(metric))
        except UnitError:  # of a misspelled name the unit says nothing
            hint = did_you_mean(metric, common_metrics()) or "carbonctl lifecycle -f json: metrics"
            self._wrong("CC606", f'unknown metric "{metric}"', (*path[:2], "metric"), hint)
            return None

    def _share(self, raw: Any, path: strict_yaml.Path, default: float) -> float | None:
        if raw is None:
            return default
        value = self._read(lambda: quantity(raw, "1", "5 %"), path)
        if value is not None and value > 1:
            self._wrong("CC203", f"{raw} is above 100 %", path)
        return value

    def _count(self, raw: Any, path: strict_yaml.Path) -> float | None:
        if not isinstance(raw, int) or isinstance(raw, bool) or raw < 0:
            message = "must be a whole number, 0 or more"
            self._wrong("CC201", message, path, "as in max_given_without_source: 5")
            return None
        return float(raw)

    def _names(self, given: Any, path: strict_yaml.Path) -> tuple[str, ...]:
        if not given:
            self._wrong("CC607", "an empty list asks for nothing", path)
        return tuple(dict.fromkeys(given))

    def _made(
        self, entry: dict[str, Any], kind: Kind, values: dict[str, Any], path: strict_yaml.Path
    ) -> Rule:
        merged = self.defaults | entry
        if "scenarios" in entry and not entry["scenarios"]:
            self._wrong("CC607", "a rule for no scenario asks for nothing", (*path, "scenarios"))
        return Rule(
            entry["id"],
            kind,
            **{name: merged[name] for name in _DEFAULTS if name != "baseline"},
            **values,
            baseline_optional=merged["baseline"] == "optional",
            scenarios=tuple(entry.get("scenarios") or ("*",)),
            where=self.document.mark((*path, "id")),
            named_at=self.document.mark((*path, "metric")),
        )

    def _excuse(self, entry: dict[str, Any], place: int) -> Excuse | None:
        path: strict_yaml.Path = ("exceptions", place)
        if entry["rule"] not in self.ids:
            hint = did_you_mean(entry["rule"], self.ids)
            message = f'there is no rule "{entry["rule"]}" to make an exception of'
            self._wrong("CC608", message, (*path, "rule"), hint)
        if not entry["reason"].strip():
            message = "an exception says why"
            self._wrong("CC206", message, (*path, "reason"), "as in reason: pilot, ticket 123")
        try:
            until = date.fromisoformat(entry["until"])
        except ValueError:
            message = f'"{entry["until"][:40]}" is no day'
            self._wrong("CC611", message, (*path, "until"), "as in 2027-03-31")
            return None
        where = self.document.mark((*path, "rule"))
        return Excuse(
            entry["rule"],
            entry.get("scenario") or "*",
            until,
            entry["reason"],
            entry.get("approved_by"),
            where,
        )
