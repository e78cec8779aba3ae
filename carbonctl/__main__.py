"""Entry point: ``carbonctl`` and ``python -m carbonctl``."""

from __future__ import annotations

import gc
import os
import sys

from carbonctl import __version__
from carbonctl.core import streams

# Variables of OpenBLAS, MKL and Accelerate; each takes precedence over OMP_NUM_THREADS.
THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
THREADS_OF_ALL = "OMP_NUM_THREADS"


def main() -> None:
    """Run the command line; ``--version`` is handled before heavy imports."""
    streams.install_streams()
    _use_one_thread()
    if sys.argv[1:] == ["--version"]:
        code = _version()
        if code == 0:
            return
    else:
        gc.disable()  # commands are short, so collecting garbage only costs time
        from carbonctl.cli.app import run

        code = run(sys.argv[1:])
    os._exit(code)  # skips interpreter cleanup, a tenth of a short run


def _use_one_thread() -> None:
    """Set linear algebra to one thread, unless the user has set a number; before numpy is imported.

    The matrices are small: more threads are slower and change the last digits.
    """
    if THREADS_OF_ALL not in os.environ:
        for name in THREADS:
            os.environ.setdefault(name, "1")


def _version() -> int:
    try:
        sys.stdout.write(f"carbonctl {__version__}\n")
        sys.stdout.flush()
    except Exception as error:  # noqa: BLE001 - report_failure handles each kind
        from carbonctl.cli.app import report_failure

        return report_failure(error, [])
    return 0


if __name__ == "__main__":
    main()
