"""Fields of a record that are facts, with the canonical unit of each."""

from __future__ import annotations

FIELD_UNITS: dict[str, str] = {
    "tdp": "W",
    "idle_power": "W",
    "resident_power": "W",
    "between_requests_power": "W",
    "train_power": "W",
    "max_power": "W",
    "typical_power": "W",
    "psu": "W",
    "memory": "GB",
    "dram": "GB",
    "ssd": "GB",
    "bandwidth": "GB/s",
    "most_bandwidth": "GB/s",
    "first_year": "1",
    "link_bandwidth": "GB/s",
    "link_domain": "1",
    "mass": "kg",
    "area": "cm2",
    "interposer_area": "cm2",
    "embodied": "kgCO2e",
    "embodied_per_tb": "kgCO2e/GB",
    "embodied_per_w": "kgCO2e/W",
    "embodied_per_kg": "kgCO2e/kg",
    "embodied_per_tkm": "kgCO2e/t/km",
    "credit_per_kg": "kgCO2e/kg",
    "power_per_gb": "W/GB",
    "power_per_tb": "W/GB",
    "inventory_per_cm2": "kgCO2e/cm2",
    "fab_energy_per_cm2": "kWh/cm2",
    "fab_gases_per_cm2_95": "kgCO2e/cm2",
    "fab_gases_per_cm2_97": "kgCO2e/cm2",
    "fab_gases_per_cm2_99": "kgCO2e/cm2",
    "fab_materials_per_cm2": "kgCO2e/cm2",
    "redistribution_per_cm2": "kgCO2e/cm2",
    "area_per_gb": "cm2/GB",
    "bridge_area": "cm2",
    "ic_package": "kgCO2e",
    "assembly_yield": "1",
    "fixed_yield": "1",
    "defect_clustering": "1",
    "defect_density": "1/cm2",
    "wafer_diameter": "cm",
    "edge_exclusion": "cm",
    "kerf": "cm",
    "interposer_per_cm2": "kgCO2e/cm2",
    "wue": "L/kWh",
    "construction_per_kw_year": "kgCO2e/kW/y",
    "layer_launch": "s",
    "expert_launch": "s",
    "sequence_overhead": "s",
    "request_overhead": "s",
    "exchange_latency": "s",
    "dispatch_latency": "s",
    "link_efficiency": "1",
    "kernel_quality": "1",
    "exchange_overlap": "1",
    "uneven_routing": "1",
    "memory_share": "1",
    "cache_share": "1",
    "most_sequences": "1",
    "denoise_work": "FLOP",
    "decoder_pixel_work": "FLOP",
    "nics": "1",
    "pue": "1",
    "factor": "1",
    "memory_power": "W",
}
SHARES = {
    "cache_share",
    "memory_share",
    "exchange_overlap",
    "kernel_quality",
    "link_efficiency",
    "interposer_yield",
    "assembly_yield",
    "fixed_yield",
}
SIGNED = {"credit_per_kg"}
# amounts that may be zero
MAY_BE_ZERO = {"area_per_gb", "bridge_area", "dram", "embodied_per_kg", "interposer_area", "kerf",
               "edge_exclusion", "nics", "redistribution_per_cm2", "ssd", "wue"}  # fmt: skip
# kind of record -> plain numbers that are required and above zero
POSITIVE_PLAIN_NUMBERS = {
    "models": {"total_params", "active_params", "layers", "hidden_size", "vocab_size"},
    "accelerators": {"count"},
}
# column of a table -> range of its cells
CELL_RANGES = {
    "gco2e_per_kwh": "positive",
    "direct_gco2e_per_kwh": "amount",
    "lifecycle_gco2e_per_kwh": "positive",
    "provider_gco2e_per_kwh": "amount",
    "ewif_l_per_kwh": "amount",
    "wri_l_per_kwh": "amount",
    "derived_l_per_kwh": "amount",
    "derived_without_hydro_l_per_kwh": "amount",
    "pue": "pue",
    "wue_l_per_kwh": "amount",
    "cfe_share": "share",
    "accelerators": "amount",
    "vcpu": "positive",
    "ram_gib": "positive",
    "local_ssd_gb": "amount",
    "share_of_server": "share",
    "year": "positive",
    "pue_year": "positive",
    "wue_year": "positive",
    "cfe_year": "positive",
    "provider_year": "positive",
}
CHOICES = {"coverage": ("lifecycle", "direct", "direct and lifecycle")}
REQUIRED_COLUMNS = {"zone", "gco2e_per_kwh", "provider", "region", "instance", "spelling", "id",
                    "iso2", "iso3"}  # fmt: skip


def unit_of_field(field: str) -> str | None:
    """Canonical unit of a field; None if the field is not a fact."""
    if field.startswith("peak_"):
        return "FLOP/s"
    plain = "kgCO2e" if field.startswith("embodied_") else None
    return FIELD_UNITS.get(field, plain)
