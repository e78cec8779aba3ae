"""Work of recommendation models: dense layers, embedding gathers, all-to-all, data readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.core import units
from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="GB", equation="S = T * R * d * b", source="naumov-2019-dlrm")
def table_gb(*, tables: Num, table_rows: Num, embedding_dim: Num, embedding_bytes: Num) -> Num:
    """Memory of the embedding tables.

    Parameters
    ----------
    tables, table_rows, embedding_dim
        Shape of the tables. [1]
    embedding_bytes
        Bytes per element. [1]

    Examples
    --------
    >>> table_gb(tables=100.0, table_rows=1e6, embedding_dim=100.0, embedding_bytes=2.0)
    20.0
    """
    return units.gb_from_bytes(tables * table_rows * embedding_dim * embedding_bytes)


@formula(unit="GB", equation="G = T * q * d * b", source="naumov-2019-dlrm")
def gather_gb(*, tables: Num, lookups: Num, embedding_dim: Num, embedding_bytes: Num) -> Num:
    """Bytes gathered from the tables for one sample.

    Parameters
    ----------
    tables, lookups, embedding_dim
        Tables, rows looked up in each, elements of a row. [1]
    embedding_bytes
        Bytes per element. [1]

    Examples
    --------
    >>> gather_gb(tables=100.0, lookups=100.0, embedding_dim=100.0, embedding_bytes=1.0)
    0.001
    """
    return units.gb_from_bytes(tables * lookups * embedding_dim * embedding_bytes)


@formula(unit="s", equation="t = max(t_c, t_g)", source="deeprecsys")
def unit_s(*, computing_s: Num, gathering_s: Num) -> Num:
    """Time of one sample on one device: the longer of dense layers and embedding gathers.

    Parameters
    ----------
    computing_s, gathering_s
        Dense layers, embedding gathers. [s]

    Examples
    --------
    >>> unit_s(computing_s=1e-6, gathering_s=3e-6)
    3e-06
    """
    return np.maximum(computing_s, gathering_s)


@formula(unit="h", equation="t = D * t_1", source="deeprecsys")
def accelerator_hours_from_samples(*, train_samples: Num, unit_s: Num) -> Num:
    """Device-hours of training on samples, from the time of one sample.

    Parameters
    ----------
    train_samples
        Samples seen. [1]
    unit_s
        Device time of one sample. [s]

    Examples
    --------
    >>> accelerator_hours_from_samples(train_samples=3.6e9, unit_s=1e-6)
    1.0
    """
    return units.hours_from_s(train_samples * unit_s)


@formula(unit="s", equation="t_c = k * 2 * N / (peak * e)", source="deeprecsys")
def computing_s(
    *, dense_params: Num, compute_passes: Num, peak_flop_per_s: Num, matmul_efficiency: Num
) -> Num:
    """Device time of the dense layers of one sample.

    Parameters
    ----------
    dense_params
        Weights of the dense layers, each used once per sample. [1]
    compute_passes
        3 to train: forward, and twice that backward. [1]
    peak_flop_per_s, matmul_efficiency
        Dense peak of a device and how much of it is reached. [FLOP/s], [1]

    Examples
    --------
    >>> computing_s(dense_params=1e6, compute_passes=3.0, peak_flop_per_s=1e12,
    ...     matmul_efficiency=0.5)
    1.2e-05
    """
    return compute_passes * 2.0 * dense_params / (peak_flop_per_s * matmul_efficiency)


@formula(unit="s", equation="t_g = k * G / (BW * e)", source="deeprecsys")
def gathering_s(
    *, gather_gb: Num, memory_passes: Num, bandwidth_gb_per_s: Num, gather_efficiency: Num
) -> Num:
    """Device time of the embedding gathers of one sample.

    Parameters
    ----------
    gather_gb
        Embedding bytes per sample. [GB]
    memory_passes
        3 to train: read, write, optimizer. [1]
    bandwidth_gb_per_s, gather_efficiency
        Memory bandwidth and how much of it random gathers reach. [GB/s], [1]

    Examples
    --------
    >>> gathering_s(gather_gb=0.001, memory_passes=3.0, bandwidth_gb_per_s=1_000.0,
    ...     gather_efficiency=0.5)
    6e-06
    """
    return memory_passes * gather_gb / (bandwidth_gb_per_s * gather_efficiency)


@formula(
    unit="s",
    equation="t_x = k * T * d * b * (1 - 1/n) / (BW * e)",
    source="mudigere-2022-zionex",
)
def exchanging_s(
    *,
    pooled_gb: Num,
    exchange_passes: Num,
    exchanging_accelerators: Num,
    link_gb_per_s: Num,
    exchange_efficiency: Num,
) -> Num:
    """Device time of the all-to-all of one sample's pooled embeddings.

    Parameters
    ----------
    pooled_gb
        Pooled embeddings of one sample, one row a table. [GB]
    exchange_passes
        2 to train: embeddings forward, gradients back. [1]
    exchanging_accelerators
        Devices that hold the tables; a share of 1/n stays at home. [1]
    link_gb_per_s, exchange_efficiency
        Link of a device, one way, and how much of it is reached. [GB/s], [1]

    Examples
    --------
    >>> exchanging_s(pooled_gb=1e-4, exchange_passes=2.0, exchanging_accelerators=2.0,
    ...     link_gb_per_s=25.0, exchange_efficiency=0.5)
    8e-06
    """
    away_gb = exchange_passes * pooled_gb * (1.0 - 1.0 / exchanging_accelerators)
    return away_gb / (link_gb_per_s * exchange_efficiency)


@formula(
    unit="GB/s",
    equation="BW = BW_link if n <= n_linked else BW_network",
    source="mudigere-2022-zionex",
)
def exchange_gb_per_s(
    *,
    exchanging_accelerators: Num,
    linked_accelerators: Num,
    link_gb_per_s: Num,
    network_gb_per_s: Num,
) -> Num:
    """Speed of the slowest link of an all-to-all, for each device and one way.

    Parameters
    ----------
    exchanging_accelerators
        Devices that take part. [1]
    linked_accelerators
        Devices of one machine, which links join. [1]
    link_gb_per_s, network_gb_per_s
        Link of a device inside its machine, and its share of the network beyond. [GB/s]

    Examples
    --------
    >>> float(exchange_gb_per_s(exchanging_accelerators=16.0, linked_accelerators=8.0,
    ...     link_gb_per_s=450.0, network_gb_per_s=50.0))
    50.0
    """
    return np.where(exchanging_accelerators > linked_accelerators, network_gb_per_s, link_gb_per_s)


@formula(unit="GB", equation="X = T * d * b", source="mudigere-2022-zionex")
def pooled_gb(*, tables: Num, embedding_dim: Num, embedding_bytes: Num) -> Num:
    """Pooled embeddings of one sample: one row per table.

    Parameters
    ----------
    tables, embedding_dim
        Tables, and elements of a row. [1]
    embedding_bytes
        Bytes per element. [1]

    Examples
    --------
    >>> pooled_gb(tables=100.0, embedding_dim=100.0, embedding_bytes=4.0)
    4e-05
    """
    return units.gb_from_bytes(tables * embedding_dim * embedding_bytes)


@formula(unit="s", equation="t_r = n / r", source="zhao-2022-ingestion")
def reading_s(*, accelerators: Num, reader_per_hour: Num) -> Num:
    """Device time of one sample where data readers are the bottleneck.

    Parameters
    ----------
    accelerators
        Devices that share the readers. [1]
    reader_per_hour
        Samples that the readers deliver. [1/h]

    Examples
    --------
    >>> reading_s(accelerators=10.0, reader_per_hour=3.6e9)
    1e-05
    """
    return units.s_from_hours(accelerators / reader_per_hour)


@formula(unit="s", equation="t = max(t_c, t_g, t_x)", source="mudigere-2022-zionex")
def unit_s_from_limits(*, computing_s: Num, gathering_s: Num, exchanging_s: Num) -> Num:
    """Time of one sample on one device: the longest limit; the others overlap with it.

    Parameters
    ----------
    computing_s, gathering_s, exchanging_s
        Dense layers, embedding gathers, all-to-all. [s]

    Examples
    --------
    >>> unit_s_from_limits(computing_s=1e-6, gathering_s=3e-6, exchanging_s=2e-6)
    3e-06
    """
    return np.maximum(np.maximum(computing_s, gathering_s), exchanging_s)


@formula(unit="s", equation="t = max(t_d, t_r)", source="zhao-2022-ingestion")
def unit_s_from_readers(*, device_s: Num, reading_s: Num) -> Num:
    """Time of one sample on one device: the longer of device and data readers.

    Parameters
    ----------
    device_s
        Time that the device itself takes. [s]
    reading_s
        Time in which the readers deliver a sample to each device. [s]

    Examples
    --------
    >>> unit_s_from_readers(device_s=3e-6, reading_s=5e-6)
    5e-06
    """
    return np.maximum(device_s, reading_s)
