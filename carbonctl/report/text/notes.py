"""Notes below the table: functional unit, drivers, assumptions, what is not estimated."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from rich.text import Text

from carbonctl.catalog.number_formats import (
    NOTE_NAMED,
    NOTE_PUBLISHED,
    NOTE_REPLACED,
    NOTE_WEIGHTS_ALONE,
)
from carbonctl.estimate.training.train_dlrm import LIMITS, binding_limit
from carbonctl.report import numbers
from carbonctl.report.budgets import budget_lines, budget_text
from carbonctl.report.median import half_of_draws_mass, mass_of_median, median_apart
from carbonctl.report.sensitivity import next_question

if TYPE_CHECKING:
    from rich.console import Console

    from carbonctl.result.estimate import EstimateResult
    from carbonctl.result.facts import Assumption
    from carbonctl.result.node import Metric
    from carbonctl.result.refresh import RefreshDecision

MIN_FULL_WIDTH = 64
_MANY_DEVICES = 100
_GRID = "grid factor"  # the line of the grid names its zone
_LABEL_WIDTH = 17
_SIXTEEN_BITS = {"bf16", "fp16"}
_BOUNDARIES = ("gpu", "it_system", "provisioned")
_OTHER_UNITS = {"1k_output_tokens", "video_second", "million_items", "day"}


def print_notes(data: EstimateResult, out: Console, *, verbose: bool) -> None:
    """Print all notes below the table, the most useful first."""
    if data["command"] == "embodied":
        _print_comparators(data, out)
    _print_per_unit(data, out, verbose=verbose)
    _print_devices(data, out)
    if verbose:
        _print_medians(data, out)
        _print_break_even(data, out)
        _print_rates(data, out)
    _print_wall_time(data, out)
    _print_expected_error(data, out, verbose=verbose)
    _print_cross_checks(data, out)
    print_drivers(data, out)
    print_assumptions(data, out, verbose=verbose)
    _print_overrides(data, out)
    print_note(out, "precision", _precision_text(data))
    print_note(out, "grid", _grid_text(data))
    print_not_estimated(data, out, verbose=verbose)
    print_note(out, "next", _next_step(data))


def _print_comparators(data: EstimateResult, out: Console) -> None:
    """Print comparators with their gap, and the recovery credit, which is never netted."""
    for node in data["breakdown"]:
        for other in node["comparators"]:
            gap = f"{100 * other['gap']:+.0f} %"
            note = f", {other['note']}" if other["note"] else ""
            text = (
                f"{numbers.format_mass(other['kgco2e'], 4)} by {other['source']}{note}; here {gap}"
            )
            print_note(out, "compare", text)
    _print_device_hour(data, out)
    credit = data["metrics"].get("recovery_credit_kgco2e")
    if credit:
        print_note(
            out, "credit, apart", numbers.format_mass(credit["value"], 2) + " of recovered metals"
        )


def _print_device_hour(data: EstimateResult, out: Console) -> None:
    """Print the embodied carbon per device-hour; older results and buildings have none."""
    hour = data["metrics"].get("embodied_kgco2e_per_hour")
    rules = {fact["label"].partition(",")[0]: fact["value"] for fact in data["facts"].values()}
    life, rate = rules.get("hardware life"), rules.get("allocation rate")
    if hour is None or life is None or rate is None:
        return
    span = (
        f"{numbers.format_quantity(life, 'h')}, of which {numbers.format_share(rate)} are allocated"
    )
    print_note(out, "per device-hour", f"{numbers.format_mass(hour['value'])} over {span}")


def _print_expected_error(data: EstimateResult, out: Console, *, verbose: bool) -> None:
    """Print the expected error of training energy."""
    if data["command"] != "train" and not verbose:
        return
    for level, error in data["expected_error"].items():
        if error["median_ape"] is None:
            kind = error.get("architecture") or "no model is named"
            print_note(out, "expected error", f"energy from {level}: {error['note']} ({kind})")
            continue
        text = f"energy from {level}, on runs not seen: {error['median_ape']:.0%}"
        p90 = error["p90_ape"]
        if p90 is not None and p90 > error["median_ape"]:  # else there was one run
            text += f" at the median, {p90:.0%} at the 90th percentile"
        print_note(out, "expected error", f"{text} ({error['note']})".replace("%", " %"))


def _print_per_unit(data: EstimateResult, out: Console, *, verbose: bool) -> None:
    """Print carbon, energy and water per functional unit; derived units with ``verbose``."""
    metrics = data["metrics"]
    for name, metric in metrics.items():
        phase, _, rest = name.partition(".per_")
        if not rest.endswith("_kgco2e"):
            continue
        unit = rest.removesuffix("_kgco2e")
        energy = metrics.get(f"{phase}.per_{unit}_energy_wh")
        if unit in _OTHER_UNITS and not verbose:
            continue
        parts = [numbers.format_watt_hours(energy["value"])] if energy else []
        whole = metrics.get(f"per_{unit}_kgco2e")
        beside = [text] if (text := half_of_draws_mass(metric)) else []
        beside += [f"{numbers.format_mass(whole['value'])} with training"] if whole else []
        aside = f" ({'; '.join(beside)})" if beside else ""
        parts.append(f"{numbers.format_mass(metric['value'])} CO2e{aside}")
        water = metrics.get(f"{phase}.per_{unit}_water_ml")
        if water:
            parts.append(f"{numbers.format_significant(water['value'], 2, decimals=6)} mL water")
        print_note(out, f"per {unit}".replace("_", " "), "   ".join(parts))
        if verbose and energy and unit not in _OTHER_UNITS:
            _print_boundary_ladder(metrics, f"{phase}.per_{unit}", energy["value"], out)


def _print_devices(data: EstimateResult, out: Console) -> None:
    """Print the number of devices that a service is charged for: held, or needed."""
    for one in data.get("charged", ()):
        needed = data["metrics"].get(f"{one['phase']}.charged_accelerators")
        if needed is None or one["rule"] is None:
            continue
        noun, count = one["devices"] or "devices", one["count"]
        digits = (
            2 if needed["value"] < _MANY_DEVICES else 3
        )  # beside a whole count of as many digits
        about = f"about {numbers.format_significant(needed['value'], digits)}"
        busy = numbers.format_share(data["metrics"][f"{one['phase']}.busy_share"]["value"])
        if one["rule"] == "held":
            noun = noun if count != 1 else noun.rstrip("s")
            text = f"{count:,.12g} {noun} held for the whole period, busy {busy} of it"
            if part := _fleet_share(data):
                own = numbers.format_significant(needed["value"], 2)
                text = f"{part} of {count:,.12g} {noun} held for the whole period: {own}, "
                text += f"busy {busy} of it"
        elif count is None:
            whole = data["metrics"][f"{one['phase']}.whole_accelerators"]["value"]
            text = f"serving needs {about} {noun}: {whole:,.0f} whole"
        else:
            text = f"serving needs {about} of these {count:,.12g} {noun}; the rest is not charged"
        print_note(out, "hardware", text)


def _fleet_share(data: EstimateResult) -> str:
    """The stated share of a fleet that a service holds; empty if there is none."""
    facts = data["facts"].values()
    return next(
        (numbers.format_share(f["value"]) for f in facts if f["label"] == "share of the fleet"), ""
    )


def _print_overrides(data: EstimateResult, out: Console) -> None:
    """Print values of the file that a flag has replaced."""
    texts = [
        f"{entry['path']} {_format_input(entry['before'])} by {entry['flag']}"
        for entry in data.get("inputs", {}).get("replaced_by_flags", ())
    ]
    print_note(out, "replaced", "; ".join(texts))


def _format_input(value: Any) -> str:
    """A value of a file on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_format_input(item)}" for key, item in value.items()) + "}"
    return numbers.printable(str(value))


def _print_boundary_ladder(
    metrics: dict[str, Metric], name: str, facility_wh: float, out: Console
) -> None:
    """Print the energy of one unit at every known boundary, from gpu to facility."""
    found = {rung: metrics.get(f"{name}_{rung}_energy_wh") for rung in _BOUNDARIES}
    rungs = [(rung, metric["value"]) for rung, metric in found.items() if metric is not None]
    steps = (
        f"{rung} {numbers.format_watt_hours(wh)}"
        for rung, wh in (*rungs, ("facility", facility_wh))
    )
    if rungs:
        print_note(out, "ladder", " -> ".join(steps))


def _print_medians(data: EstimateResult, out: Console) -> None:
    """Print the median of the draws of each line where it differs from the value by over 10 %."""
    medians = ((line["label"], median_apart(line)) for line in data["breakdown"])
    texts = [f"{label} {mass_of_median(kg)}" for label, kg in medians if kg is not None]
    print_note(out, "medians", f"of the draws: {', '.join(texts)}" if texts else "")


def _print_break_even(data: EstimateResult, out: Console) -> None:
    """Print training carbon per unit served, and the number of units at which serving equals it."""
    for name, metric in data["metrics"].items():
        if name.startswith("break_even_"):
            units = name.removeprefix("break_even_")
            each = data["metrics"][f"training_per_{units.removesuffix('s')}_kgco2e"]["value"]
            text = (
                f"{numbers.format_mass(each)} CO2e of each of the {units}; serving has emitted as"
            )
            print_note(
                out,
                "training",
                f"{text} much after {numbers.format_quantity(metric['value'], '1')}",
            )


def _print_rates(data: EstimateResult, out: Console) -> None:
    """Print carbon per device-hour and per EFLOP, the SCI score, and the crossover."""
    for name, metric in data["metrics"].items():
        phase, _, what = name.rpartition(".")
        if what == "carbon_kgco2e_per_hour":
            text = f"{phase}: {numbers.format_mass(metric['value'])} CO2e, electricity and hardware"
            print_note(out, "per device-hour", text)
        elif what == "cci_kgco2e_per_eflop":
            print_note(
                out, "per EFLOP (CCI)", f"{phase}: {numbers.format_mass(metric['value'])} CO2e"
            )
        elif what.startswith("sci_per_"):
            unit = what.removeprefix("sci_per_").removesuffix("_kgco2e")
            text = (
                f"{numbers.format_mass(metric['value'])} CO2e per {unit}, idle hardware unallocated"
            )
            print_note(out, "SCI", text)
    clean = data["metrics"].get("crossover_clean_share")
    if clean is not None:
        share = numbers.format_share(clean["value"])
        text = f"hardware and buildings outweigh use above {share} carbon-free supply"
        print_note(out, "crossover", text)


def _print_wall_time(data: EstimateResult, out: Console) -> None:
    """Print wall time, minimum number of devices, and binding limit of a training run."""
    runs = [name for name in data["metrics"] if name.endswith(".wall_hours")]
    if data["command"] != "train" or len(runs) != 1:
        return
    metrics, run = data["metrics"], runs[0].removesuffix(".wall_hours")
    days = metrics[runs[0]]["value"] / 24
    texts = [f"{numbers.format_significant(days, 2, decimals=2)} days on its devices"]
    least = metrics.get(f"{run}.minimum_accelerators")
    if least is not None:
        texts.append(f"memory takes at least {least['value']:,.0f}")
    waits = {
        what: metrics[f"{run}.{what}"]["value"] for what in LIMITS if f"{run}.{what}" in metrics
    }
    if waits:
        texts.append(f"waits for {binding_limit(waits)}")
    print_note(out, "wall time", "; ".join(texts))


def _print_cross_checks(data: EstimateResult, out: Console) -> None:
    """Print cross checks and budgets, which do not affect the estimate."""
    for name, metric in data["metrics"].items():
        run, _, what = name.rpartition(".")
        value = numbers.format_significant(metric["value"], 2)
        if what == "implied_mfu":
            print_note(
                out, "cross check", f"{run}: its tokens imply an MFU of {value} per billed hour"
            )
        elif what == "stated_hours_ratio":
            print_note(out, "cross check", f"{run}: stated hours are {value} times those estimated")
    texts = []
    for limit in budget_lines(data):
        most = numbers.format_mass(limit["max_kgco2e"])
        name = limit["metric"].removesuffix("_kgco2e").removeprefix("infer.").replace("_", " ")
        texts.append(f"{name} {most}: {budget_text(limit)}")
    print_note(out, "budget", "; ".join(texts))


def print_drivers(data: EstimateResult | RefreshDecision, out: Console) -> None:
    """Print the top three drivers of the variance, as far as they fit on a line."""
    top = [d for d in data["drivers"][:3] if d["variance_share"] >= 0.01]  # noqa: PLR2004 - 1 %
    grids = {label for d in data["drivers"] if (label := d["label"]).startswith(_GRID)}
    texts = []
    for driver in top:
        label = _GRID if grids == {driver["label"]} else driver["label"]
        texts.append(f"{label} ({numbers.format_share(driver['variance_share'])})")
    if texts:
        texts[0] = texts[0].replace(" %)", " % of the variance)")
    while len(texts) > 1 and len("; ".join(texts)) > out.width - _LABEL_WIDTH:
        texts.pop()
    print_note(out, "what decides", "; ".join(texts))


def print_assumptions(
    data: EstimateResult | RefreshDecision, out: Console, *, verbose: bool
) -> None:
    """Print the most influential assumptions, or all with ``verbose``."""
    items = data["assumptions"]
    if not items:
        return
    if verbose:
        for item in items:
            value = numbers.format_quantity(item["value"], item["unit"])
            note = f", {item['note']}" if item["note"] else ""
            print_note(out, "* assumed", f"{item['label']}: {value} ({item['source']}{note})")
        return
    exact = sum(
        fact["origin"] in ("scenario", "cli") and fact["low"] is None
        for fact in data["facts"].values()
    )
    bare = f"; {exact} given without range" if exact else ""
    tail = f"{len(items)}/{len(data['facts'])} inputs{bare}; -v"
    print_note(
        out, "* assumed", _items_that_fit([_assumption_text(item) for item in items], tail, out)
    )


def print_not_estimated(
    data: EstimateResult | RefreshDecision, out: Console, *, verbose: bool
) -> None:
    """Print the names of what is not estimated; with reasons if ``verbose``."""
    lacking = data["coverage"]["not_estimated"]
    if verbose:
        for name, reason in lacking.items():
            print_note(out, "not estimated", f"{name}: {reason}")
        return
    names = list(lacking)
    most = out.width - _LABEL_WIDTH
    while len(names) > 1 and len(", ".join(names)) + len(" and 9 more; -v") > most:
        names.pop()
    hidden = len(lacking) - len(names)
    print_note(
        out, "not estimated", ", ".join(names) + (f" and {hidden} more; -v" if hidden else "")
    )


def _items_that_fit(items: list[str], tail: str, out: Console) -> str:
    """As many items as fit on a line, followed by ``tail``."""
    most = out.width - _LABEL_WIDTH - 2
    shown = items[:1]
    for item in items[1:]:
        if len(", ".join([*shown, item])) + 2 + len(tail) > most:
            break
        shown.append(item)
    return f"{', '.join(shown)}: {tail}"


def _assumption_text(item: Assumption) -> str:
    if item["value"] == 1.0 and item["label"].startswith(("serving batch", "model error")):
        return str(item["label"])
    return f"{item['label']} {numbers.format_quantity(item['value'], item['unit'])}"


def _grid_text(data: EstimateResult) -> str:
    """All grid factors in use, with zone, year, coverage, kind and publisher."""
    zones_by_source: dict[str, list[str]] = {}
    for key, fact in data["facts"].items():
        value = f"{fact['value']:.3g}"
        if key.startswith("grid/"):
            zone = key.removeprefix("grid/").rpartition(":")[0]
            what = f"{(fact['note'] or '').replace(',', '')}, {fact['source']}"
            zones_by_source.setdefault(what, []).append(f"{value} {zone}")
        elif fact["label"] == "grid factor":
            zones_by_source.setdefault(f"as given, {fact['source']}", []).append(value)
    return "; ".join(
        f"{', '.join(zones)} kg/kWh ({what})" for what, zones in zones_by_source.items()
    )


def _precision_text(data: EstimateResult) -> str:
    """Number formats of weights that the user did not state or a device only stores."""
    texts = []
    for key, fact in data["facts"].items():
        note = (fact["note"] or "").partition(";")[0]
        usual = note.partition(",")[0] in _SIXTEEN_BITS and NOTE_REPLACED not in note
        peak = fact["label"].startswith("dense peak")
        if not (peak or key.startswith("default:bytes_")) or usual:
            continue
        if any(word in note for word in (NOTE_PUBLISHED, NOTE_NAMED, NOTE_REPLACED)):
            texts.append(f"weights in {note}")
        elif note.startswith(NOTE_WEIGHTS_ALONE):
            texts.append(note)
        if NOTE_WEIGHTS_ALONE in note:
            texts[-1] += f", computed at the {fact['label']}"
    return "; ".join(texts)


def _next_step(data: EstimateResult) -> str:
    """The next step: state the most influential assumed value, or explain a number."""
    if data["command"] == "embodied":
        return f"carbonctl explain FILE --of {data['breakdown'][0]['id']}"
    return next_question(data) or "carbonctl explain FILE --of total"


def print_note(out: Console, label: str, text: str) -> None:
    """Print a note with a label, wrapped and indented."""
    if not text:
        return
    compact = out.width < MIN_FULL_WIDTH
    indent = 2 if compact else _LABEL_WIDTH
    head = f"{label}: " if compact and label else f"{label:<{indent - 1}} "
    glued = (head + text).replace(" %", "\u00a0%")  # a number keeps its percent sign
    lines = textwrap.wrap(glued, out.width, subsequent_indent=" " * indent, break_on_hyphens=False)
    out.print(Text("\n".join(lines).replace("\u00a0", " ")))
