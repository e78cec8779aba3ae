"""Entry point: ``carbonctl`` and ``python -m carbonctl``."""

from __future__ import annotations

import gc
import os
import sys

from carbonctl import __version__


def main() -> None:
    """Run the command line; ``--version`` answers before anything is imported."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"carbonctl {__version__}\n")
        return
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed before we started
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123
    gc.disable()  # a command ends before its garbage matters
    from carbonctl.cli.app import run  # noqa: PLC0415 - not for --version

    code = run(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # nothing is left to clean up, and cleaning up costs a tenth of a short run


if __name__ == "__main__":
    main()
