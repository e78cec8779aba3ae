"""Work of recommendation models: dense layers, embedding gathers, and what binds."""

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


@formula(
    unit="s",
    equation="t = max(k_c*2*N / (peak*e_c), k_m*G / (BW*e_g))",
    source="deeprecsys",
)
def unit_s(
    *,
    dense_params: Num,
    gather_gb: Num,
    compute_passes: Num,
    memory_passes: Num,
    peak_flop_per_s: Num,
    matmul_efficiency: Num,
    bandwidth_gb_per_s: Num,
    gather_efficiency: Num,
) -> Num:
    """Time of one sample on one device: dense layers or embedding gathers, whichever binds.

    Parameters
    ----------
    dense_params
        Weights of the dense layers, each used once per sample. [1]
    gather_gb
        Embedding bytes per sample. [GB]
    compute_passes, memory_passes
        1 and 1 to serve; 3 and 3 to train: forward and backward, read, write and optimizer. [1]
    peak_flop_per_s, matmul_efficiency
        Dense peak of a device and how much of it is reached. [FLOP/s], [1]
    bandwidth_gb_per_s, gather_efficiency
        Memory bandwidth and how much of it random gathers reach. [GB/s], [1]

    Examples
    --------
    >>> unit_s(dense_params=1e6, gather_gb=0.001, compute_passes=1.0, memory_passes=1.0,
    ...     peak_flop_per_s=1e12, matmul_efficiency=0.5, bandwidth_gb_per_s=100.0,
    ...     gather_efficiency=0.5)
    2e-05
    """
    computing_s = compute_passes * 2.0 * dense_params / (peak_flop_per_s * matmul_efficiency)
    gathering_s = memory_passes * gather_gb / (bandwidth_gb_per_s * gather_efficiency)
    return np.maximum(computing_s, gathering_s)


@formula(unit="h", equation="t = D * t_1", source="deeprecsys")
def accelerator_hours_from_samples(*, train_samples: Num, unit_s: Num) -> Num:
    """Device-hours of training on samples that each hold one device for a time.

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
