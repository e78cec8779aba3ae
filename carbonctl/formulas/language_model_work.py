"""Work of language models: floating-point operations and bytes, training and serving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="FLOP", equation="F = 6 * N_act * D", source="kaplan-2020-scaling")
def train_flop(*, active_params: Num, train_tokens: Num) -> Num:
    """Model work of training a decoder, forward and backward.

    Parameters
    ----------
    active_params
        Parameters that one token passes: all of a dense model, the routed and shared experts of
        an MoE model. [1]
    train_tokens
        Tokens seen, repeats included. [1]

    Notes
    -----
    Attention and logits are outside: below 1 B parameters or at long contexts this is low.
    Recomputation is no model work; it lowers the utilization instead.

    References
    ----------
    Kaplan et al., arXiv 2001.08361, section 2.1.

    Examples
    --------
    >>> train_flop(active_params=70e9, train_tokens=2e12)
    8.4e+23
    """
    return 6.0 * active_params * train_tokens


@formula(unit="1", equation="R = r * T", source="si-energy-from-power")
def functional_units(*, rate_per_hour: Num, period_hours: Num) -> Num:
    """Requests, images or items of a period.

    Parameters
    ----------
    rate_per_hour
        Mean rate. [1/h]
    period_hours
        Length of the period. [h]

    Examples
    --------
    >>> functional_units(rate_per_hour=100.0, period_hours=24.0)
    2400.0
    """
    return rate_per_hour * period_hours


@formula(unit="1", equation="R_s = R * (1 - c)", source="wu-2022-sustainable-ai")
def served_units(*, functional_units: Num, cache_hit_share: Num) -> Num:
    """Units that reach the model; the others are answered from a cache.

    Parameters
    ----------
    functional_units
        All units. [1]
    cache_hit_share
        Share answered without the model. [1] 0 to 1

    Examples
    --------
    >>> served_units(functional_units=100.0, cache_hit_share=0.25)
    75.0
    """
    return functional_units * (1.0 - cache_hit_share)
