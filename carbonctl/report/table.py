"""The table: the answer first, then phases, what decides it, what was assumed, what is missing."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from rich.box import Box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from carbonctl.report import numbers

if TYPE_CHECKING:
    from typing import TextIO

_RULED = Box("    \n    \n -- \n    \n -- \n -- \n    \n    \n", ascii=True)
_WIDEST, _NARROWEST, _COMPACT = 80, 40, 64
_LABEL = 17
_BASIS = {"location": "location basis", "market": "market basis", "whole item": "whole item"}


def console(file: TextIO, *, color: bool) -> Console:
    """A console that neither guesses nor wraps: 80 columns on a pipe, at most 80 in a terminal."""
    made = Console(file=file, no_color=not color, highlight=False, soft_wrap=False, emoji=False)
    made.width = max(_NARROWEST, min(_WIDEST, made.width))
    return made


def render(data: dict[str, Any], out: Console, *, verbose: bool = False, quiet: bool = False) -> None:
    """Print one result."""
    _heading(data, out)
    if quiet:
        return
    out.print(_breakdown(data, out.width))
    if data["command"] == "embodied":
        _item_notes(data, out)
    _per_unit(data, out)
    _decides(data, out)
    _assumed(data, out, verbose=verbose)
    _say(out, "grid", "; ".join(_grids(data)))
    _say(out, "not estimated", ", ".join(data["coverage"]["not_estimated"]))
    _say(out, "next", _next(data))


def _heading(data: dict[str, Any], out: Console) -> None:
    basis = _BASIS[data["accounting"]]
    years = data["period_hours"]
    right = basis if years is None else f"{basis}, {_years(years)}"
    _pair(out, data["title"], right)
    total = data["total"]
    size, symbol = numbers.carbon_unit(total["value"])
    count = numbers.digits(total["p05"], total["p95"])
    answer = f"{numbers.significant(total['value'] / size, count)} {symbol} CO2e"
    if data["samples"] and total["p95"] > total["p05"]:
        ends = numbers.interval(total["p05"], total["p95"], size, count)
        answer += f"   90 % interval {ends} {symbol}"
    _pair(out, answer, _market(data), bold=True)
    out.print()


def _years(hours: float) -> str:
    years = hours / 8760
    if years >= 1:
        return f"{years:.3g} year{'' if years == 1 else 's'}"
    return f"{hours / 24:.3g} d"


def _market(data: dict[str, Any]) -> str:
    """What the electricity is on the other basis."""
    if data["command"] == "embodied":
        return ""
    other = "market" if data["accounting"] == "location" else "location"
    node = data["operational"][other]
    if node["value"] is None:
        return "market basis: not estimated (1)"
    text = numbers.carbon(node["value"], 2)
    contract = " (contractual)" if other == "market" else ""
    return f"electricity, {other} basis: {text}{contract}"


def _pair(out: Console, left: str, right: str, *, bold: bool = False) -> None:
    """Two texts at the two edges, on two lines where one is too narrow."""
    style = "bold" if bold else ""
    gap = out.width - len(left) - len(right)
    if gap >= 2 or not right:  # noqa: PLR2004 - two blanks between
        out.print(Text(left, style=style) + Text(" " * max(gap, 0) + right))
        return
    for line in textwrap.wrap(left, out.width):
        out.print(Text(line, style=style))
    out.print(Text(right))


def _breakdown(data: dict[str, Any], width: int) -> Table:
    size, symbol = numbers.carbon_unit(data["total"]["value"])
    compact = width < _COMPACT
    table = Table(box=_RULED, show_footer=True, pad_edge=False, padding=(0, 1), expand=not compact)
    total, drawn = data["total"], bool(data["samples"])
    count = numbers.digits(total["p05"], total["p95"])
    ends = numbers.interval(total["p05"], total["p95"], size, count) if drawn else ""
    table.add_column("phase", footer="total", no_wrap=True)
    if not compact:
        table.add_column("", justify="right", no_wrap=True)
    answer = numbers.significant(total["value"] / size, count)
    table.add_column(f"{symbol} CO2e", footer=Text(answer, "bold"), justify="right", no_wrap=True)
    table.add_column("90 % interval" if not compact else "90 %", footer=ends, justify="right",
                     no_wrap=True)
    if not compact:
        table.add_column("share", justify="right", no_wrap=True)
        table.add_column("evidence", no_wrap=True)
    for node in data["breakdown"]:
        _row(table, node, data, size, compact=compact, indent="")
    return table


def _row(
    table: Table, node: dict[str, Any], data: dict[str, Any], size: float, *, compact: bool,
    indent: str,
) -> None:
    count = numbers.digits(node["p05"], node["p95"])
    ends = ""
    if data["samples"] and node["p95"] > node["p05"]:
        ends = numbers.interval(node["p05"], node["p95"], size, count)
    cells = [indent + node["label"]]
    value = numbers.significant(node["value"] / size, count)
    if compact:
        table.add_row(*cells, value, ends)
    else:
        mark = " *" if node["assumed"] else ""
        evidence = f"{_evidence(node)}{mark}"
        table.add_row(*cells, _amount(node, data), value, ends, numbers.share(node["share"]), evidence)
    shown = data["command"] == "embodied" or node["kind"] == "train"
    for child in node["children"] if shown else ():
        _row(table, child, data, size, compact=compact, indent=indent + "  ")


def _evidence(node: dict[str, Any]) -> str:
    return str(node["evidence"] if node["evidence"] not in ("", "modeled") else node["tier"])


def _amount(node: dict[str, Any], data: dict[str, Any]) -> str:
    """Energy beside a phase's electricity, device-years beside manufacturing."""
    metrics = data["metrics"]
    if ".operational_" in node["id"]:
        energy = metrics.get(node["id"].split(".operational_")[0] + ".facility_energy_kwh")
        return numbers.energy(energy["value"]) if energy else ""
    if node["id"] == "manufacturing" and data["command"] != "embodied":
        hours = [m["value"] for name, m in metrics.items() if name.endswith(".accelerator_hours")]
        return f"{numbers.significant(sum(hours) / 8760, 2)} device-y" if hours else ""
    return ""


def _item_notes(data: dict[str, Any], out: Console) -> None:
    """Comparators with their gap, and the credit that is never netted."""
    for node in data["breakdown"]:
        for other in node["comparators"]:
            gap = f"{100 * other['gap']:+.0f} %"
            note = f", {other['note']}" if other["note"] else ""
            text = f"{numbers.carbon(other['kgco2e'], 4)} by {other['source']}{note}; here {gap}"
            _say(out, "compare", text)
    credit = data["metrics"].get("recovery_credit_kgco2e")
    if credit:
        _say(out, "credit, apart", numbers.carbon(credit["value"], 2) + " of recovered metals")


def _per_unit(data: dict[str, Any], out: Console) -> None:
    metrics = data["metrics"]
    for name, metric in metrics.items():
        phase, _, rest = name.partition(".per_")
        if not rest.endswith("_kgco2e"):
            continue
        unit = rest.removesuffix("_kgco2e")
        parts = [f"{numbers.significant(metrics[f'{phase}.per_{unit}_energy_wh']['value'], 2, decimals=6)} Wh"]
        whole = metrics.get(f"per_{unit}_kgco2e")
        life = f" ({numbers.carbon(whole['value'])} with training)" if whole else ""
        parts.append(f"{numbers.carbon(metric['value'])} CO2e{life}")
        water = metrics.get(f"{phase}.per_{unit}_water_ml")
        if water:
            parts.append(f"{numbers.significant(water['value'], 2, decimals=6)} mL water")
        _say(out, f"per {unit}", "   ".join(parts))


def _decides(data: dict[str, Any], out: Console) -> None:
    top = [d for d in data["drivers"][:3] if d["variance_share"] >= 0.01]  # noqa: PLR2004 - 1 %
    texts = [f"{d['label']} ({numbers.share(d['variance_share'])})" for d in top]
    if texts:
        texts[0] = texts[0].replace(" %)", " % of the variance)")
    _say(out, "what decides", "; ".join(texts))


def _assumed(data: dict[str, Any], out: Console, *, verbose: bool) -> None:
    assumed = data["assumptions"]
    if not assumed:
        return
    if verbose:
        for item in assumed:
            value = numbers.quantity(item["value"], item["unit"])
            note = f", {item['note']}" if item["note"] else ""
            _say(out, "* assumed", f"{item['label']}: {value} ({item['source']}{note})")
        return
    shown = [_short(item) for item in assumed[:6]]
    exact = sum(1 for f in data["facts"].values()
                if f["origin"] in ("scenario", "cli") and f["low"] is None)
    rest = f"{len(assumed)} of {len(data['facts'])} inputs assumed, {exact} given without a range"
    _say(out, "* assumed", f"{', '.join(shown)}: {rest}; -v lists them")


def _short(item: dict[str, Any]) -> str:
    if item["value"] == 1.0 and item["label"].startswith(("serving batch", "error of")):
        return str(item["label"])
    return f"{item['label']} {numbers.quantity(item['value'], item['unit'])}"


def _grids(data: dict[str, Any]) -> list[str]:
    found = []
    for key, fact in data["facts"].items():
        if key.startswith("grid/"):
            zone = key.removeprefix("grid/").rpartition(":")[0]
            found.append(f"{fact['value']:.3g} kg/kWh {zone}, {fact['note']} ({fact['source']})")
        elif fact["label"] == "grid factor":
            found.append(f"{fact['value']:.3g} kg/kWh as given ({fact['source']})")
    return found


def _next(data: dict[str, Any]) -> str:
    """One command worth trying: say the most influential thing that was assumed."""
    if data["command"] == "embodied":
        return "carbonctl explain FILE --of manufacturing"
    ranked = [item for item in data["assumptions"] if item["variance_share"] >= 0.05]  # noqa: PLR2004
    for item in ranked:
        flag = _FLAGS.get(item["key"].removeprefix("default:"))
        if flag:
            return f"say it: carbonctl {data['command']} ... {flag}"
    if data["operational"]["market"]["value"] is None:
        return f"(1) say what is contracted: carbonctl {data['command']} ... --contracted-clean 60%"
    return "carbonctl explain FILE --of total"


_FLAGS = {
    "batch_unknown": "--concurrency 64",
    "busy_share": "--set infer.busy_share=0.7",
    "billed_mfu": "--set train.billed_mfu=0.35",
    "host_power_factor": "--set train.host_power_factor=1.3",
    "allocation_rate": "--set embodied.allocation_rate=0.8",
    "device_power_share": "--set train.power='{value: 500 W, scope: gpu}'",
}


def _say(out: Console, label: str, text: str) -> None:
    if not text:
        return
    indent = _LABEL if out.width >= _COMPACT else 2
    if out.width < _COMPACT:
        text = f"{label}: {text}"
        lines = textwrap.wrap(text, out.width, subsequent_indent="  ")
        out.print(Text("\n".join(lines)))
        return
    lines = textwrap.wrap(text, out.width - indent) or [""]
    out.print(Text(f"{label:<{indent}}{lines[0]}"))
    for line in lines[1:]:
        out.print(Text(" " * indent + line))
