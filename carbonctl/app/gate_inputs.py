"""The files that ``gate`` is given: scenarios evaluated, saved results computed again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from carbonctl.app.gate_scenarios import (
    BASES,
    Looked,
    Wanted,
    evaluate_item,
    evaluate_life,
    left_out,
    scenario_input,
)
from carbonctl.app.load import from_document
from carbonctl.catalog.read import Catalog
from carbonctl.core.errors import InputError, Mark, Problem, UsageError
from carbonctl.core.files import display_name
from carbonctl.gate.causes import Causes, Remembered
from carbonctl.gate.judge import Subject

if TYPE_CHECKING:
    from carbonctl.core.strict_json import JsonDocument
    from carbonctl.result.estimate import EstimateResult

__all__ = ["Looked", "Wanted", "is_allowed", "look"]


def look(file: str, flags: dict[str, Any], wanted: Wanted) -> list[Looked]:
    """The results of one file; of a scenario there is one."""
    if file != "-" and Path(file).suffix != ".json":
        return [scenario_input(file, flags, wanted)]
    from carbonctl.report import saved  # noqa: PLC0415 - JSON, for what may be a saved result
    from carbonctl.report.ci.findings import results  # noqa: PLC0415

    raw = saved.read_bytes(file)
    if not saved.is_result(raw):
        return [scenario_input(file, flags, wanted, raw)]
    from carbonctl.app.recompute import check_is_estimate  # noqa: PLC0415 - for saved results alone

    made = saved.parse_result(raw, display_name(file), metrics=True)
    check_is_estimate(made)
    if flags["sets"]:
        message = "--set changes a scenario; a saved result stays as it is"
        raise UsageError(message)
    several = "results" in made.data
    found = cast("list[dict[str, Any]]", results(made.data))
    if not found:
        problem = Problem("CC604", "there is no result in this to hold", made.mark(("results",)))
        raise InputError([problem], made.sources)
    names = [
        display_name(file) + (f"#{i + 1}" if len(found) > 1 else "") for i in range(len(found))
    ]
    places: list[tuple[str | int, ...]] = [
        ("results", place) if several else () for place in range(len(found))
    ]
    return [
        _saved(made, at, data, name, flags, wanted)
        for at, data, name in zip(places, found, names, strict=True)
    ]


def _saved(
    made: JsonDocument,
    at: tuple[str | int, ...],
    data: dict[str, Any],
    name: str,
    flags: dict[str, Any],
    wanted: Wanted,
) -> Looked:
    """A saved result: computed again, or as it stands where that is asked for or refused anyway."""
    own = data["data"].get("overlay_folder")
    if flags.get("trust_result"):
        return _remembered(data, name, "trusted")
    recorded = own is not None or bool(data["data"]["overlay"])
    if recorded and not is_allowed(own, wanted.overlays):
        return _remembered(data, name, "refused")
    if recorded:
        flags = flags | {"hardware_db": flags.get("hardware_db") or own}
    return _recomputed(made, at, name, flags, wanted)


def is_allowed(folder: str | None, overlays: tuple[str, ...]) -> bool:
    """Whether a folder of hardware data is one that the policy allows."""
    return folder is not None and str(Path(folder).resolve()) in overlays


def _remembered(data: dict[str, Any], file: str, status: str) -> Looked:
    from carbonctl.report.saved_facts import saved_facts  # noqa: PLC0415 - for saved results alone

    own = data["accounting"]
    bases = {own: data} if own in BASES else dict.fromkeys(BASES, data)
    shares = {d["key"]: d["variance_share"] for d in data["drivers"]}
    subject = Subject(file, data["name"] or Path(file).stem, bases)
    kept = {key: value for key, value in data.items() if key != "gate"}
    keys, folder = data["data"]["overlay"], data["data"].get("overlay_folder")
    return Looked(
        subject,
        kept,
        Remembered(saved_facts(cast("EstimateResult", data)), shares),
        path=_path_of(data, file),
        saved=_told(data, file, subject.name, status, None),
        overlay={"folder": folder, "facts": keys} if keys or folder else None,
    )


def _told(
    data: dict[str, Any], file: str, name: str, status: str, now: float | None
) -> dict[str, Any]:
    """What a verdict says of a saved result."""
    return {
        "file": file,
        "scenario": name,
        "status": status,
        "tool_version": data["tool"]["version"],
        "data_version": data["data"]["version"],
        "saved_kgco2e": data["total_kgco2e"],
        "recomputed_kgco2e": now,
    }


def _path_of(data: dict[str, Any], file: str) -> str:
    """The scenario that a saved result was made of, else the file of the result."""
    files = data.get("inputs", {}).get("files", [])
    return str(files[-1]) if files else file


def _recomputed(
    made: JsonDocument, at: tuple[str | int, ...], name: str, flags: dict[str, Any], wanted: Wanted
) -> Looked:
    """A saved result computed again; InputError where the same version comes to another one."""
    from carbonctl.app import recompute as again  # noqa: PLC0415 - for saved results alone
    from carbonctl.report.ci.findings import results  # noqa: PLC0415

    data: Any = results(made.data)[int(at[-1]) if at else 0]
    document = again.input_document(made, at)
    loaded = from_document(document, Catalog.open(flags["hardware_db"]))
    own = {data["accounting"]} & set(BASES)
    wider = Wanted(wanted.first, wanted.others | own, wanted.overlays)
    drawn = {"samples": data["samples"], "seed": data["seed"]}
    same = again.is_current_version(data)

    def evaluated(asked: dict[str, Any], command: str) -> Looked:
        if command == "embodied":
            return evaluate_item(name, flags | asked, loaded)
        return evaluate_life(name, flags | asked, wider, loaded, command)

    looked = None
    if same:
        looked = evaluated(drawn, data["command"])
        now = looked.subject.bases.get(data["accounting"]) or looked.data
        again.check_matches_recomputation(made, at, data, cast("EstimateResult", now))
    own_draws = {key: flags[key] for key in drawn}
    whole = "lifecycle" if left_out(data) else data["command"]
    if looked is None or own_draws != drawn or whole != data["command"]:
        looked = evaluated(own_draws, whole)
    now = looked.subject.bases.get(data["accounting"]) or looked.data
    plain = "agrees" if same else "other version"
    status = plain if whole == data["command"] else "part"
    told = _told(data, name, looked.subject.name, status, now["total_kgco2e"])
    causes = _placed_as_saved(looked, data["facts"])
    return replace(looked, causes=causes, path=_path_of(data, name), saved=told)


def _placed_as_saved(looked: Looked, saved: dict[str, dict[str, Any]]) -> Causes | Remembered:
    """The causes of a result with its facts at the lines of the scenario, not of the result."""
    causes = looked.causes
    known = {key: Mark.parse(saved[key]["where"]) for key in causes.facts if key in saved}
    for data in looked.subject.bases.values():
        for key in known.keys() & data["facts"].keys():
            data["facts"][key]["where"] = saved[key]["where"]
    moved = {
        key: replace(fact, where=known[key]) if key in known else fact
        for key, fact in causes.facts.items()
    }
    if isinstance(causes, Causes):  # its sections are those of the saved file
        return replace(causes, facts=moved, sections={})
    return replace(causes, facts=moved)
