"""The files that ``gate`` is given: scenarios evaluated, saved results computed again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from carbonctl.app.gate_input import BASES, Contents, GateInput, Request, pack
from carbonctl.app.gate_scenarios import (
    evaluate_item,
    evaluate_life,
    load_scenario_input,
    phases_left_out,
)
from carbonctl.app.load import from_document
from carbonctl.catalog.read import Catalog
from carbonctl.core.errors import InputError, Mark, Problem, UsageError
from carbonctl.core.files import display_name
from carbonctl.gate.causes import Causes, SavedCauses

if TYPE_CHECKING:
    from carbonctl.app.gate_input import GateOptions
    from carbonctl.core.strict_json import JsonDocument
    from carbonctl.result.estimate import EstimateResult

Position = tuple[str | int, ...]


def load_gate_inputs(file: str, options: GateOptions, request: Request) -> list[GateInput]:
    """The results of one file; of a scenario there is one. InputError where it is broken."""
    if file != "-" and Path(file).suffix != ".json":
        return [load_scenario_input(file, options, request)]
    from carbonctl.report import saved
    from carbonctl.report.ci.findings import results

    raw = saved.read_bytes(file)
    if not saved.is_result(raw):
        return [load_scenario_input(file, options, request, raw)]
    from carbonctl.app.recompute import check_is_estimate

    document = saved.parse_result(raw, display_name(file), metrics=True)
    check_is_estimate(document)
    if options.sets:
        message = "--set changes a scenario; a saved result stays as it is"
        raise UsageError(message)
    is_list = "results" in document.data
    saved_results = cast("list[dict[str, Any]]", results(document.data))
    count = len(saved_results)
    if not count:
        mark = document.mark(("results",))
        problem = Problem("CC604", "there is no result in this to hold", mark)
        raise InputError([problem], document.sources)
    names = [display_name(file) + (f"#{i + 1}" if count > 1 else "") for i in range(count)]
    positions: list[Position] = [("results", i) if is_list else () for i in range(count)]
    return [
        _load_saved(document, position, data, name, options, request)
        for position, data, name in zip(positions, saved_results, names, strict=True)
    ]


def _load_saved(
    document: JsonDocument,
    position: Position,
    data: dict[str, Any],
    name: str,
    options: GateOptions,
    request: Request,
) -> GateInput:
    """A saved result: computed again, or as it stands where that is asked for or refused anyway."""
    folder = data["data"].get("overlay_folder")
    if options.trust_result:
        return _as_saved(data, name, "trusted")
    has_overlay = folder is not None or bool(data["data"]["overlay"])
    if has_overlay and not is_allowed(folder, request.overlays):
        return _as_saved(data, name, "refused")
    if has_overlay:
        options = replace(options, hardware_db=options.hardware_db or folder)
    return _recompute(document, position, name, options, request)


def is_allowed(folder: str | None, overlays: tuple[str, ...]) -> bool:
    """Whether a folder of hardware data is one that the policy allows."""
    return folder is not None and str(Path(folder).resolve()) in overlays


def _as_saved(data: dict[str, Any], file: str, status: str) -> GateInput:
    """A saved result as it stands, with what it still knows of its inputs."""
    from carbonctl.report.saved_facts import saved_facts

    own = data["accounting"]
    bases = {own: data} if own in BASES else dict.fromkeys(BASES, data)
    shares = {d["key"]: d["variance_share"] for d in data["drivers"]}
    plain = {key: value for key, value in data.items() if key != "gate"}
    keys, folder = data["data"]["overlay"], data["data"].get("overlay_folder")
    causes = SavedCauses(saved_facts(cast("EstimateResult", data)), shares)
    name = data["name"] or Path(file).stem
    return GateInput(
        file,
        name,
        pack(Contents(bases, plain, causes)),
        phases_left_out=frozenset(phases_left_out(plain)),
        path=_scenario_file(data, file),
        saved=_saved_status(data, file, name, status, None),
        overlay={"folder": folder, "facts": keys} if keys or folder else None,
    )


def _saved_status(
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


def _scenario_file(data: dict[str, Any], file: str) -> str:
    """The scenario that a saved result was made of, else the file of the result."""
    files = data.get("inputs", {}).get("files", [])
    return str(files[-1]) if files else file


def _recompute(
    document: JsonDocument, position: Position, name: str, options: GateOptions, request: Request
) -> GateInput:
    """A saved result computed again; InputError where the same version comes to another one."""
    from carbonctl.app import recompute
    from carbonctl.report.ci.findings import results

    data: Any = results(document.data)[int(position[-1]) if position else 0]
    scenario = recompute.input_document(document, position)
    loaded = from_document(scenario, Catalog.open(options.hardware_db))
    request = replace(request, others=request.others | ({data["accounting"]} & set(BASES)))

    def evaluate(options: GateOptions, command: str) -> tuple[GateInput, Contents, Any]:
        """The result, its contents, and its data on the basis of the saved one."""
        if command == "embodied":
            result = evaluate_item(name, options, request, loaded)
        else:
            result = evaluate_life(name, options, request, loaded, command)
        contents = result.contents()
        return result, contents, contents.bases.get(data["accounting"]) or contents.data

    as_saved = replace(options, samples=data["samples"], seed=data["seed"])
    whole = "lifecycle" if phases_left_out(data) else data["command"]
    is_same_version = recompute.is_current_version(data)
    if is_same_version:
        result, contents, now = evaluate(as_saved, data["command"])
        recompute.check_matches_recomputation(document, position, data, cast("EstimateResult", now))
    if not is_same_version or options != as_saved or whole != data["command"]:
        result, contents, now = evaluate(options, whole)
    status = "agrees" if is_same_version else "other version"
    status = status if whole == data["command"] else "part"
    return replace(
        result,
        packed=pack(_with_saved_places(contents, data["facts"])),
        path=_scenario_file(data, name),
        saved=_saved_status(data, name, result.name, status, now["total_kgco2e"]),
    )


def _with_saved_places(contents: Contents, saved: dict[str, dict[str, Any]]) -> Contents:
    """The contents with facts at the lines of the scenario, not of the saved result."""
    causes = contents.causes
    places = {key: Mark.parse(saved[key]["where"]) for key in causes.facts if key in saved}
    for data in contents.bases.values():
        for key in places.keys() & data["facts"].keys():
            data["facts"][key]["where"] = saved[key]["where"]
    saved_facts = {
        key: replace(fact, where=places[key]) if key in places else fact
        for key, fact in causes.facts.items()
    }
    if isinstance(causes, Causes):  # its sections are those of the saved file
        return contents._replace(causes=replace(causes, facts=saved_facts, sections={}))
    return contents._replace(causes=replace(causes, facts=saved_facts))
