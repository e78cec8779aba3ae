"""Kernels of a step on one device: time to compute, time to read, and both together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carbonctl.core.formula import formula

if TYPE_CHECKING:
    from carbonctl.core.types import Num


@formula(unit="s", equation="u = F / (peak * e * q)", source="carbonctl-serving-model")
def product_s(
    *, device_flop: Num, peak_flop_per_s: Num, matmul_efficiency: Num, kernel_quality: Num
) -> Num:
    """Time in which one device computes matrix products.

    Parameters
    ----------
    device_flop
        Operations of one device. [FLOP]
    peak_flop_per_s
        Dense peak of one device in the number format that is multiplied. [FLOP/s]
    matmul_efficiency
        Reached over peak. [1]
    kernel_quality
        What the kernels of a runtime reach over what the best reach. [1]

    Examples
    --------
    >>> product_s(device_flop=1e12, peak_flop_per_s=1e15, matmul_efficiency=0.5,
    ...     kernel_quality=1.0)
    0.002
    """
    return device_flop / (peak_flop_per_s * matmul_efficiency * kernel_quality)


@formula(unit="s", equation="v = Y / (BW * e)", source="carbonctl-serving-model")
def read_s(*, device_gb: Num, bandwidth_gb_per_s: Num, read_efficiency: Num) -> Num:
    """Time in which one device reads its memory.

    Parameters
    ----------
    device_gb
        What one device reads. [GB]
    bandwidth_gb_per_s
        Peak of one device. [GB/s]
    read_efficiency
        Reached over peak. [1]

    Examples
    --------
    >>> read_s(device_gb=10.0, bandwidth_gb_per_s=2_000.0, read_efficiency=0.5)
    0.01
    """
    return device_gb / (bandwidth_gb_per_s * read_efficiency)


@formula(unit="s", equation="t = sqrt(u^2 + v^2)", source="carbonctl-serving-model")
def kernel_s(*, product_s: Num, read_s: Num) -> Num:
    """Time of kernels that read and compute at once.

    Parameters
    ----------
    product_s, read_s
        Computing alone, and reading alone. [s]

    Notes
    -----
    Between a sum (no overlap) and the larger of both (a roofline). On published throughput an
    exponent of 2 scores like one of 1.5 and better than 1 or infinity.

    Examples
    --------
    >>> kernel_s(product_s=3.0, read_s=4.0)
    5.0
    """
    return np.hypot(product_s, read_s)
