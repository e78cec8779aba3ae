"""The physics: one phenomenon a file, each formula written once, under its card."""

from __future__ import annotations

from carbonctl.formulas import (
    allocation,
    compute_diffusion,
    compute_dlrm,
    compute_llm,
    datacenter,
    end_of_life,
    fab,
    operational,
    parts,
    power,
    roofline,
    storage,
    transport,
    water,
)

__all__ = [
    "allocation",
    "compute_diffusion",
    "compute_dlrm",
    "compute_llm",
    "datacenter",
    "end_of_life",
    "fab",
    "operational",
    "parts",
    "power",
    "roofline",
    "storage",
    "transport",
    "water",
]
