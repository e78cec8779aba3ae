"""Fit the constants of the embodied model to every published product, and write them as facts.

    python benchmarks/fit_embodied.py

writes ``hardware_db/embodied/constants.yaml``. ``carbonctl verify embodied`` says how well the
same fit forecasts products that it has not seen.
"""

import sys
from pathlib import Path

import numpy as np

from carbonctl.catalog.read import Catalog
from carbonctl.estimate.inputs import collect_facts
from carbonctl.scenario.resolve.hardware import published_products as products
from carbonctl.verify import embodied_model
from carbonctl.verify.scoring import Z90

FOLDER = Path(__file__).parent.parent / "hardware_db"
HEAD = """\
# What products emit for the parts that they are made of: written by
# benchmarks/fit_embodied.py from published/embodied.csv, never by hand.
"""
LABELS = {
    "logic_upstream_factor": "product footprints over fab inventory",
    "memory_stack": "stacked memory per cm2 of die",
    "memory_package": "packaged memory per cm2 of die",
    "memory_module": "memory modules per cm2 of die",
    "cooling_per_w": "cooling per W",
    "assembly_uplift": "assembly and inbound transport",
    "nand_planar": "planar flash per cm2 of die",
    "nand_vertical": "3D flash per cm2 of die",
    "drive_board": "controller, board and case of a drive",
    "hdd_35": "hard disk, 3.5 inch",
    "hdd_25": "hard disk, 2.5 inch",
    "body_factor": "server bodies over their parts",
}


def main() -> None:
    """Fit and write."""
    catalog = Catalog((FOLDER,))
    found = products.read_cases(FOLDER / "published" / "embodied.csv", catalog).products
    known = [product for product in found if not product.is_pooled]
    model = embodied_model.fit_model(found, embodied_model.load_priors(catalog))
    units = {row["constant"]: row["unit"] for row in catalog.table("embodied/priors.csv")}
    used = [collect_facts(product.parts) for product in known]
    lines = [HEAD]
    for place, (name, value) in enumerate(model.constants.items()):
        told_by = sum(f"default:{name}" in keys for keys in used)
        sd = np.sqrt(model.covariance[place, place])
        lines.append(_line(name, LABELS[name], value, sd, units[name], told_by))
    for subject, sd in model.residual_sd.items():
        many = sum(product.subject == subject for product in known)
        lines.append(_line(f"{subject}_residual", f"model error, {subject}", 1.0, sd, "1", many))
    (FOLDER / "embodied" / "constants.yaml").write_text("".join(lines), encoding="utf-8")


def _line(name: str, label: str, value: float, sd: float, unit: str, products_: int) -> str:
    band = np.exp(Z90 * sd)
    suffix = "" if unit == "1" else f" {unit}"
    plural = "s" if products_ > 1 else ""
    return (
        f'{name}: {{label: "{label}", value: {value:.4g}{suffix}, unit: {unit}, '
        f"range: [{value / band:.4g}, {value * band:.4g}], range_kind: p05_p95, "
        f'source: carbonctl-embodied-fit, note: "{products_} product{plural}"}}\n'
    )


if __name__ == "__main__":
    sys.exit(main())
