"""Entry point: ``carbonctl`` and ``python -m carbonctl``."""

from __future__ import annotations

import gc
import os
import sys

from carbonctl import __version__
from carbonctl.core import streams

# Of OpenBLAS, MKL and Accelerate; each goes before OMP_NUM_THREADS, which means them all.
THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
THREADS_OF_ALL = "OMP_NUM_THREADS"


def main() -> None:
    """Run the command line; ``--version`` answers before anything is imported."""
    streams.install_streams()
    _use_one_thread()
    if sys.argv[1:] == ["--version"]:
        code = _version()
        if code == 0:
            return
    else:
        gc.disable()  # a command ends before its garbage matters
        from carbonctl.cli.app import run  # noqa: PLC0415 - not for --version

        code = run(sys.argv[1:])
    os._exit(code)  # nothing is left to clean up, and cleaning up costs a tenth of a short run


def _use_one_thread() -> None:
    """One thread of linear algebra, unless the user says otherwise; numpy reads this at import.

    Our matrices are small: more threads only wait for each other, and change the last digits.
    """
    if THREADS_OF_ALL not in os.environ:
        for name in THREADS:
            os.environ.setdefault(name, "1")


def _version() -> int:
    try:
        sys.stdout.write(f"carbonctl {__version__}\n")
        sys.stdout.flush()
    except Exception as error:  # noqa: BLE001 - told apart there
        from carbonctl.cli.app import report_failure  # noqa: PLC0415 - where there is no place to write

        return report_failure(error, [])
    return 0


if __name__ == "__main__":
    main()
