"""Numeric types of formulas, and the axes of arrays.

Arrays broadcast to ``(rows, draws)``: scenario rows are ``(R, 1)``, draws are ``(1, D)`` or
``(D,)``, scalars stay scalars. A formula receives floats or arrays, never data frames.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Indexes = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]
Num = float | Array
