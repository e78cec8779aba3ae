"""Names of the metrics of a result that a policy may use."""

from __future__ import annotations

import re

from carbonctl.core.naming import unit_suffix

COST = "cost_of_carbon"
TOTAL = "total_kgco2e"
QUALITY = {
    "quality.assumed_share": "inputs assumed",
    "quality.assumed_variance_share": "variance by assumed",
    "quality.proxy_share": "total of tier proxy",
    "quality.spread": "total, p95 over p05",
}
_UNIT = "(request|image|video|item|sample)"
_OTHER_UNIT = "(1k_output_tokens|video_second|million_items)"
_STAGE = "(manufacturing|construction|transport|end_of_life)"
_TOTAL_OR_PHASE = (
    "total_kgco2e|operational_(location|market)_kgco2e|facility_energy_kwh|water_l"
    f"|recovery_credit_kgco2e|{_STAGE}_kgco2e"
)
_TOTAL_ONLY = (
    rf"{_TOTAL_OR_PHASE}|base_share_kgco2e|crossover_clean_share|embodied_kgco2e_per_hour"
    rf"|(training_)?per_{_UNIT}_kgco2e|break_even_{_UNIT}s|{_STAGE}\.[^\s]+_kgco2e"
)
_TRAINING = "wall_hours|minimum_accelerators|state_gb|implied_mfu|stated_hours_ratio"
_LIMITS = "(computing|exchanging|gathering|reading)_s"
_SERVING = (
    rf"functional_units|(charged|whole|replica)_accelerators|sequences_in_flight|(peak_)?busy_share|loaded_energy_kwh|per_day_(kgco2e|energy_kwh)"
    rf"|per_({_UNIT}|{_OTHER_UNIT})_(kgco2e|energy_wh)|per_{_UNIT}_water_ml"
    rf"|per_{_UNIT}_(gpu|it_system|provisioned)_energy_wh"
    rf"|sci_embodied_kgco2e|sci_per_{_UNIT}_kgco2e"
)
_PHASE_METRIC = (
    rf"(data|experiments|train|idle|infer)(\.[^\s]+)?\.({_TOTAL_OR_PHASE}|it_energy_kwh|device_energy_kwh"
    rf"|accelerator_hours|carbon_kgco2e_per_hour|cci_kgco2e_per_eflop"
    rf"|scope_2_(location|market)_kgco2e|scope_3_3(_market)?_kgco2e|(useful|lost)_(location|market)_kgco2e"
    rf"|{_TRAINING}|{_LIMITS}|{_SERVING})"
)


def is_possible_metric(name: str) -> bool:
    """Whether some result can have a metric of this name."""
    return (
        name in QUALITY
        or name == COST
        or bool(re.fullmatch(f"{_TOTAL_ONLY}|{_PHASE_METRIC}", name))
    )


def common_metrics() -> tuple[str, ...]:
    """Names of the metrics that policies use most, for suggestions."""
    whole = ["operational_location", "operational_market", "manufacturing", "construction",
             "transport", "end_of_life"]  # fmt: skip
    units = ["request", "image", "video", "item"]
    per = [f"{of}per_{unit}" for of in ("", "infer.") for unit in units]
    of_phases = [f"{phase}.total" for phase in ("data", "experiments", "train", "infer")]
    carbon = [f"{name}_kgco2e" for name in (*whole, *per, *of_phases)]
    return (TOTAL, COST, *QUALITY, *carbon, "facility_energy_kwh", "water_l")


def metric_label(name: str) -> str:
    """Label of a metric: ``infer.per_request_kgco2e`` becomes ``infer per request``."""
    if name in QUALITY:
        return QUALITY[name]
    return name.removesuffix(unit_suffix(name)).replace("_", " ").replace(".", " ")
