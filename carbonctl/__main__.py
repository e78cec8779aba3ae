"""Entry point: ``carbonctl`` and ``python -m carbonctl``."""

from __future__ import annotations

import sys

from carbonctl import __version__


def main() -> None:
    """Run the command line; ``--version`` answers before anything is imported."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"carbonctl {__version__}\n")
        return
    from carbonctl.cli.app import run  # noqa: PLC0415 - not for --version

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
