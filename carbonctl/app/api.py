"""The functions of ``import carbonctl``: the use cases of the commands, for dicts and paths."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carbonctl.app.defaults import DEFAULT_SAMPLES, DEFAULT_SEED, check_samples
from carbonctl.app.load import PHASES_OF, Scenario, load_scenario
from carbonctl.app.outcome import Result
from carbonctl.core.errors import InputError, Mark, Problem, UsageError
from carbonctl.core.phase_names import PHASES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from carbonctl.app.compare import Comparison
    from carbonctl.app.diff import DiffResult, SideInput
    from carbonctl.app.explain import Explanation
    from carbonctl.app.gate import GateResult
    from carbonctl.app.refresh import Decision
    from carbonctl.app.validate import Validation
    from carbonctl.app.verify import Verification
    from carbonctl.scenario.read.read_scenario import Setting

    Source = str | os.PathLike[str] | Mapping[str, Any] | Scenario

_DICT = "<dict>"  # name in errors of a scenario that is not a file


def load(
    source: Source,
    *,
    set: Mapping[str, Any] | None = None,  # noqa: A002 - as the flag is called
    hardware_db: str | os.PathLike[str] | None = None,
    root: str | os.PathLike[str] | None = None,
    **values: Any,
) -> Scenario:
    """The scenario of a path, a dict or another scenario, with some values changed.

    Parameters
    ----------
    source
        A path (text or ``Path``) of a YAML file, a dict of the same keys, or a ``Scenario``.
    set
        Values by dotted path, as ``--set`` takes them: ``{"infer.requests": "1M/day"}``.
    hardware_db
        A folder of your own hardware data, laid over the bundled one.
    root
        The folder that ``extends`` may read from.
    values
        Values of top-level keys: ``period="2 y"``.

    Raises
    ------
    InputError
        With every problem of keys, values and names, each with its position.
    """
    scenario = _load_any(source, set, values, hardware_db, root)
    if scenario.document.deferred_problems:
        raise InputError(scenario.document.deferred_problems, scenario.document.sources)
    return scenario


def estimate(
    scenario: Source,
    *,
    phases: str | Iterable[str] | None = None,
    samples: int = DEFAULT_SAMPLES,
    seed: int = DEFAULT_SEED,
    set: Mapping[str, Any] | None = None,  # noqa: A002 - as the flag is called
    hardware_db: str | os.PathLike[str] | None = None,
    **values: Any,
) -> Result:
    """The carbon of a scenario in kgCO2e: of its whole life cycle, or of some phases.

    ``phases`` are those of a command: ``"train"`` (data, experiments and training), ``"infer"``,
    or ``None`` for all. ``samples`` is the number of draws for the interval, 0 for none. ``set``,
    ``hardware_db`` and ``values`` are as in ``load``. Raises InputError with every problem.
    """
    command = _command_for_phases(phases)
    check_samples(samples)
    from carbonctl.app.estimate_scenario import estimate as use_case

    loaded = _load_any(scenario, set, values, hardware_db)
    need = command == "lifecycle" and loaded.needs_period
    return use_case(loaded, command, samples=samples, seed=seed, need_period=need)


def embodied(
    scenario: Source,
    *,
    samples: int = DEFAULT_SAMPLES,
    seed: int = DEFAULT_SEED,
    set: Mapping[str, Any] | None = None,  # noqa: A002 - as the flag is called
    hardware_db: str | os.PathLike[str] | None = None,
    **values: Any,
) -> Result:
    """The carbon of whole hardware in kgCO2e, from manufacturing to end of life, without use."""
    check_samples(samples)
    from carbonctl.app.embodied import embodied as use_case

    loaded = _load_any(scenario, set, values, hardware_db)
    return use_case(loaded, samples=samples, seed=seed)


def refresh(
    scenario: Source,
    *,
    samples: int = DEFAULT_SAMPLES,
    seed: int = DEFAULT_SEED,
    set: Mapping[str, Any] | None = None,  # noqa: A002 - as the flag is called
    hardware_db: str | os.PathLike[str] | None = None,
    **values: Any,
) -> Decision:
    """Whether new hardware saves more than its manufacturing, with the break-even time."""
    check_samples(samples)
    from carbonctl.app.refresh import refresh as use_case

    loaded = _load_any(scenario, set, values, hardware_db)
    return use_case(loaded, samples=samples, seed=seed)


def compare(
    *scenarios: Source,
    samples: int = DEFAULT_SAMPLES,
    seed: int = DEFAULT_SEED,
    set: Mapping[str, Any] | None = None,  # noqa: A002 - as the flag is called
    hardware_db: str | os.PathLike[str] | None = None,
    **values: Any,
) -> Comparison:
    """Comparison of two or more scenarios on common draws: which emits less, how surely."""
    check_samples(samples)
    if len(scenarios) < 2:  # noqa: PLR2004 - to compare takes two
        message = "compare takes two or more scenarios"
        raise UsageError(message)
    from carbonctl.app.compare import compare as use_case

    named = [
        (_default_name(one, place), partial(_load_any, one, set, values, hardware_db))
        for place, one in enumerate(scenarios, 1)
    ]
    return use_case(named, samples=samples, seed=seed)


def diff(
    base: Source | Result,
    head: Source | Result,
    *,
    samples: int = DEFAULT_SAMPLES,
    seed: int = DEFAULT_SEED,
    hardware_db: str | os.PathLike[str] | None = None,
) -> DiffResult:
    """Changes between two scenarios or results, with the contribution of each in kgCO2e."""
    check_samples(samples)
    from carbonctl.app.diff import diff as use_case

    data = _path_or_none(hardware_db)
    sides = (partial(_read_any_side, one, data) for one in (base, head))
    return use_case(sides, hardware_db=data, samples=samples, seed=seed)


def explain(
    source: Source | Result,
    of: str = "total",
    *,
    samples: int = DEFAULT_SAMPLES,
    seed: int = DEFAULT_SEED,
    set: Mapping[str, Any] | None = None,  # noqa: A002 - as the flag is called
    hardware_db: str | os.PathLike[str] | None = None,
    **values: Any,
) -> Explanation:
    """The formula tree of a number of a scenario or a result, and the facts that decide it."""
    check_samples(samples)
    if isinstance(source, Result):
        return source.explain(of, samples=samples)
    from carbonctl.app.explain import evaluate_any, explain_number

    loaded = _load_any(source, set, values, hardware_db)
    return explain_number(evaluate_any(loaded), of, loaded.catalog, samples=samples, seed=seed)


def verify(
    result: str | os.PathLike[str] | Result,
    *,
    tolerance: float = 1e-9,
    hardware_db: str | os.PathLike[str] | None = None,
) -> Verification:
    """The recomputation of a saved result, and every value that differs."""
    from carbonctl.app.verify import verify as use_case
    from carbonctl.report import saved

    if isinstance(result, Result):
        saved_document = saved.parse_result(result.to_json().encode(), result.name)
    else:
        saved_document = saved.read_document(os.fspath(result))
    return use_case(saved_document, hardware_db=_path_or_none(hardware_db), tolerance=tolerance)


def validate(
    *files: str | os.PathLike[str],
    hardware_db: str | os.PathLike[str] | None = None,
    root: str | os.PathLike[str] | None = None,
) -> Validation:
    """Warnings of scenarios, policies and saved results; InputError with all their problems."""
    from carbonctl.app.validate import validate_files

    names = [os.fspath(file) for file in files]
    return validate_files(names, _path_or_none(hardware_db), _path_or_none(root))


def gate(
    *files: str | os.PathLike[str],
    policy: str | os.PathLike[str] | None = None,
    baseline: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
    today: str | None = None,
    trust_result: bool = False,
    samples: int = DEFAULT_SAMPLES,
    seed: int = DEFAULT_SEED,
    hardware_db: str | os.PathLike[str] | None = None,
) -> GateResult:
    """The verdict of a policy, or of the budget of each scenario, on scenarios and saved results.

    ``baseline`` is a file or several to compare to; ``today`` is the day, as in 2027-03-31, that
    exceptions are judged by; ``trust_result`` takes saved results as they stand. A violated rule
    raises nothing: ``status`` and ``exit_code`` say it. InputError has every problem of every file.
    """
    check_samples(samples)
    if not files:
        message = "gate takes one or more files"
        raise UsageError(message)
    from carbonctl.app.gate import run_gate
    from carbonctl.app.gate_input import GateOptions

    data = _path_or_none(hardware_db)
    options = GateOptions(samples, seed, hardware_db=data, trust_result=trust_result)
    earlier = [baseline] if isinstance(baseline, str | os.PathLike) else baseline
    names, befores = ([os.fspath(file) for file in each] for each in (files, earlier))
    return run_gate(names, _path_or_none(policy), befores, today, options=options)


def _command_for_phases(phases: str | Iterable[str] | None) -> str:
    """The command that estimates some phases."""
    if phases is None:
        return "lifecycle"
    if isinstance(phases, str) and phases in PHASES_OF:
        return phases
    wanted = {phases} if isinstance(phases, str) else {*phases}
    command = next((name for name, own in PHASES_OF.items() if wanted == {*own}), None)
    if command is None:
        message = f"the phases {phases!r} cannot be estimated together"
        hint = f'give "train", "infer", or None for all of {", ".join(PHASES)}'
        raise UsageError(message, hint)
    return command


def _load_any(
    source: Source,
    changed: Mapping[str, Any] | None,
    values: Mapping[str, Any],
    hardware_db: str | os.PathLike[str] | None = None,
    root: str | os.PathLike[str] | None = None,
) -> Scenario:
    """The scenario of any source with some values changed; its problems are deferred."""
    settings = _settings_from_values({**values, **(changed or {})})
    if isinstance(source, Scenario):
        unchanged = not settings and hardware_db is None
        return source if unchanged else _with_changes(source, settings, hardware_db)
    from carbonctl.catalog.read import Catalog

    catalog = Catalog.open(_path_or_none(hardware_db))
    name, raw = _name_and_bytes(source)
    return load_scenario(name, settings, catalog, raw=raw, root=_path_or_none(root))


def _with_changes(
    source: Scenario, settings: list[Setting], hardware_db: str | os.PathLike[str] | None
) -> Scenario:
    """A copy of a scenario with values changed, or on other hardware data."""
    from carbonctl.catalog.read import Catalog
    from carbonctl.scenario.read.read_scenario import apply_settings, check_scenario

    catalog = source.catalog if hardware_db is None else Catalog.open(_path_or_none(hardware_db))
    document = source.document.deep_copy()
    apply_settings(document, settings)
    return Scenario(check_scenario(document, catalog, keep=True), document, catalog)


def _name_and_bytes(source: Source) -> tuple[str, bytes | None]:
    """The name of a source, and its bytes if it is not a file."""
    if isinstance(source, str | os.PathLike):
        text = os.fspath(source)
        if "\n" in text:
            message = "expected the path of a file, got text of several lines"
            hint = "write it to a file, or give yaml.safe_load(text)"
            raise InputError([Problem("CC008", message, Mark(text.partition("\n")[0]), hint)])
        return text, None
    if not isinstance(source, Mapping):
        message = f"expected a path, a dict or a Scenario, got {type(source).__name__}"
        raise UsageError(message)
    return _DICT, _to_json(dict(source), _DICT).encode()


def _to_json(value: Any, place: str) -> str:
    """A Python value as JSON text; InputError if a scenario cannot contain it."""
    try:
        return json.dumps(value, indent=2, ensure_ascii=False, default=_json_default)
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError([Problem("CC201", str(error), Mark(place))]) from None


def _json_default(value: Any) -> Any:
    """A JSON value for types that JSON lacks: numpy numbers, paths, dates, mappings."""
    if hasattr(value, "tolist"):  # of numpy
        return value.tolist()
    if hasattr(value, "isoformat") or isinstance(value, os.PathLike):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    message = f"a scenario cannot contain a value of type {type(value).__name__}"
    raise TypeError(message)


def _settings_from_values(values: Mapping[str, Any]) -> list[Setting]:
    """Settings from values by path, as of ``--set``: text is read as YAML, other values stay."""
    if not values:
        return []
    from carbonctl.scenario.read.read_scenario import Setting, parse_sets

    settings = []
    for path, value in values.items():
        if isinstance(value, str):
            settings += parse_sets([f"{path}={value}"])
        else:
            flag = f"--set {path}"
            settings.append(Setting(path, json.loads(_to_json(value, flag)), flag))
    return settings


def _default_name(source: Source, place: int) -> str:
    """The name of a scenario that has none: its path, or its number."""
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    return f"scenario {place}"


def _read_any_side(source: Source | Result, hardware_db: str | None) -> SideInput:
    """One side of a diff: a result, a file, or a scenario."""
    from carbonctl.app import diff as sides

    if isinstance(source, Result):
        from carbonctl.report import saved

        return sides.saved_side(saved.parse_result(source.to_json().encode(), source.name))
    if isinstance(source, str | os.PathLike) and "\n" not in os.fspath(source):
        return sides.read_side(os.fspath(source), hardware_db, None)
    loaded = _load_any(source, None, {}, hardware_db)
    return sides.SideInput(loaded.name or _DICT, loaded.document)


def _path_or_none(value: str | os.PathLike[str] | None) -> str | None:
    return None if value is None else str(Path(value))
