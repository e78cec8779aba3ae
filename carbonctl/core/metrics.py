"""Names of the numbers of a result, as a policy may ask for them."""

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
_UNIT = "(request|image|video|item)"
_STAGE = "(manufacturing|construction|transport|end_of_life)_kgco2e"
_BOTH = f"total_kgco2e|operational_(location|market)_kgco2e|facility_energy_kwh|water_l|{_STAGE}"
_WHOLE = re.compile(f"{_BOTH}|base_share_kgco2e|per_{_UNIT}_kgco2e")
_PHASE = re.compile(
    rf"(data|experiments|train|idle|infer)(\.[^\s]+)?\.({_BOTH}|it_energy_kwh|device_energy_kwh"
    rf"|accelerator_hours|recovery_credit_kgco2e|functional_units|per_{_UNIT}_kgco2e"
    rf"|per_{_UNIT}_energy_wh|per_{_UNIT}_water_ml)"
)


def may_be(name: str) -> bool:
    """Whether some result has a number of this name, though another has not."""
    return name in QUALITY or name == COST or bool(_WHOLE.fullmatch(name) or _PHASE.fullmatch(name))


def in_words(name: str) -> str:
    """A metric for people: ``infer.per_request_kgco2e`` is infer per request."""
    if name in QUALITY:
        return QUALITY[name]
    return name.removesuffix(unit_suffix(name)).replace("_", " ").replace(".", " ")
