"""Exchange between the devices of a replica: within a domain of fast links, and between domains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.core import units
from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="1", equation="q = T / d", source="rajbhandari-2022-deepspeed-moe")
def rank_tokens(*, tokens: Num, data_parallel: Num) -> Num:
    """Tokens of a step on one rank.

    Parameters
    ----------
    tokens, data_parallel
        Tokens of the step on all ranks, and ranks. [1]

    Examples
    --------
    >>> rank_tokens(tokens=64.0, data_parallel=8.0)
    8.0
    """
    return tokens / data_parallel


@formula(
    unit="GB",
    equation="Y = ([d = 1] + 1) * L * 2*(t - 1)/t * q * h * b",
    source="shoeybi-2019-megatron",
)
def all_reduce_gb(
    *,
    layers: Num,
    tensor_parallel: Num,
    tokens: Num,
    hidden_size: Num,
    activation_bytes: Num,
    data_parallel: Num,
) -> Num:
    """What one device sends to share layers with others: one or two all-reduces a layer.

    Parameters
    ----------
    layers, hidden_size
        Shape of the model. [1]
    tensor_parallel
        Devices that share each layer. [1]
    tokens
        Tokens of the step on those devices. [1]
    activation_bytes
        Bytes of a value between layers. [1]
    data_parallel
        Ranks; where there are several, tokens go to their experts by another exchange. [1]

    Examples
    --------
    >>> all_reduce_gb(layers=50.0, tensor_parallel=2.0, tokens=1_000.0, hidden_size=5_000.0,
    ...     activation_bytes=2.0, data_parallel=1.0)
    1.0
    """
    around = 2.0 * (tensor_parallel - 1.0) / tensor_parallel
    reduces = layers * np.where(data_parallel > 1.0, 1.0, 2.0)
    return units.gb_from_bytes(reduces * around * tokens * hidden_size * activation_bytes)


@formula(
    unit="1",
    equation="c = e * (1 - (1 - 1/e)^k) * (1 - 1/e) if e > 1 else d*t - 1",
    source="carbonctl-serving-model",
)
def dispatch_copies(
    *, expert_parallel: Num, experts_per_token: Num, tensor_parallel: Num, data_parallel: Num
) -> Num:
    """Other devices to which a token is sent, for its experts or for the slices of them.

    Parameters
    ----------
    expert_parallel
        Devices over which whole experts are spread; 1 where each has a slice of all. [1]
    experts_per_token
        Experts that a token takes. [1]
    tensor_parallel, data_parallel
        Devices that share each layer, and ranks. [1]

    Examples
    --------
    >>> dispatch_copies(expert_parallel=2.0, experts_per_token=1.0, tensor_parallel=1.0,
    ...     data_parallel=2.0)
    0.5
    """
    reached = 1.0 - (1.0 - 1.0 / expert_parallel) ** experts_per_token
    whole = expert_parallel * reached * (1.0 - 1.0 / expert_parallel)
    return np.where(expert_parallel > 1.0, whole, tensor_parallel * data_parallel - 1.0)


@formula(unit="1", equation="c = k * (1 - 1/u)", source="deepseek-deepep-2025")
def dispatch_copies_by_network(*, experts_per_token: Num, linked_domains: Num) -> Num:
    """Copies of a decoded token that go over the network: one for each expert elsewhere.

    Parameters
    ----------
    experts_per_token
        Experts that a token takes. [1]
    linked_domains
        Domains of fast links over which the devices are spread. [1]

    Examples
    --------
    >>> dispatch_copies_by_network(experts_per_token=8.0, linked_domains=4.0)
    6.0
    """
    return experts_per_token * (1.0 - 1.0 / linked_domains)


@formula(unit="1", equation="c = min(u, k_u) * (1 - 1/u)", source="deepseek-deepep-2025")
def dispatch_copies_by_network_of_prompts(*, linked_domains: Num, domains_per_token: Num) -> Num:
    """Copies of a prompt token that go over the network: one for each domain.

    Parameters
    ----------
    linked_domains
        Domains of fast links over which the devices are spread. [1]
    domains_per_token
        Domains to which the routing sends a token at most. [1]

    Examples
    --------
    >>> dispatch_copies_by_network_of_prompts(linked_domains=8.0, domains_per_token=4.0)
    3.5
    """
    return np.minimum(linked_domains, domains_per_token) * (1.0 - 1.0 / linked_domains)


@formula(unit="GB", equation="Y = L_m * q * h * b * c", source="deepseek-deepep-2025")
def dispatch_gb(
    *,
    expert_layers: Num,
    rank_tokens: Num,
    hidden_size: Num,
    dispatch_bytes: Num,
    dispatch_copies: Num,
) -> Num:
    """What one device sends to the experts of its tokens, and gets back.

    Parameters
    ----------
    expert_layers, hidden_size
        Layers with experts, and width of the model. [1]
    rank_tokens
        Tokens of the step on one rank. [1]
    dispatch_bytes
        Bytes of a value, there and back. [1]
    dispatch_copies
        Other devices to which a token goes. [1]

    Examples
    --------
    >>> dispatch_gb(expert_layers=50.0, rank_tokens=1_000.0, hidden_size=5_000.0,
    ...     dispatch_bytes=2.0, dispatch_copies=2.0)
    1.0
    """
    each = rank_tokens * hidden_size * dispatch_bytes
    return units.gb_from_bytes(expert_layers * each * dispatch_copies)


@formula(unit="s", equation="t = Y / (link/2 * e_x)", source="carbonctl-serving-model")
def link_s(*, exchanged_gb: Num, link_gb_per_s: Num, exchange_efficiency: Num) -> Num:
    """Time of an exchange over fast links.

    Parameters
    ----------
    exchanged_gb
        What one device sends. [GB]
    link_gb_per_s
        Link speed of one device, both directions. [GB/s]
    exchange_efficiency
        Reached over nominal. [1]

    Examples
    --------
    >>> link_s(exchanged_gb=1.0, link_gb_per_s=1_000.0, exchange_efficiency=0.5)
    0.004
    """
    return exchanged_gb / (link_gb_per_s / 2.0 * exchange_efficiency)


@formula(unit="s", equation="t = Y / (net * e_n)", source="carbonctl-serving-model")
def network_s(*, exchanged_gb: Num, network_gb_per_s: Num, network_efficiency: Num) -> Num:
    """Time of an exchange over the network.

    Parameters
    ----------
    exchanged_gb
        What one device sends. [GB]
    network_gb_per_s
        Speed of the network card of one device, one direction. [GB/s]
    network_efficiency
        Reached over nominal. [1]

    Examples
    --------
    >>> network_s(exchanged_gb=1.0, network_gb_per_s=50.0, network_efficiency=0.8)
    0.025
    """
    return exchanged_gb / (network_gb_per_s * network_efficiency)


@formula(
    unit="s", equation="t_ex = t_r + (t_net if u > 1 else t_link)", source="carbonctl-serving-model"
)
def replica_exchange_s(
    *, all_reduce_s: Num, dispatch_s: Num, network_s: Num, linked_domains: Num
) -> Num:
    """Time of all exchanges of a step: of layers, and of experts.

    Parameters
    ----------
    all_reduce_s, dispatch_s
        Of layers, and of experts over fast links. [s]
    network_s
        Of experts over the network, which replaces that over fast links beyond one domain. [s]
    linked_domains
        Domains of fast links over which the devices are spread. [1]

    Examples
    --------
    >>> replica_exchange_s(all_reduce_s=1.0, dispatch_s=2.0, network_s=3.0, linked_domains=1.0)
    3.0
    """
    return all_reduce_s + np.where(linked_domains > 1.0, network_s, dispatch_s)
