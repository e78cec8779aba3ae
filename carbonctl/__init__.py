"""Life-cycle carbon of AI: what a model costs, how sure we are, what would change it.

``import carbonctl`` loads nothing; each name below is loaded when it is first used.
docs/python.md shows them.
"""

import sys

__version__ = "0.1.0"

# name -> the module that it is in
_PUBLIC = {
    "load": "app.api",
    "estimate": "app.api",
    "embodied": "app.api",
    "refresh": "app.api",
    "compare": "app.api",
    "diff": "app.api",
    "explain": "app.api",
    "gate": "app.api",
    "verify": "app.api",
    "validate": "app.api",
    "Scenario": "app.load",
    "Result": "app.outcome",
    "PhaseResult": "app.outcome",
    "Quantity": "app.outcome",
    "CarbonctlError": "core.errors",
    "InputError": "core.errors",
    "Mark": "core.errors",
    "Problem": "core.errors",
    "UsageError": "core.errors",
}
__all__ = [
    "CarbonctlError",
    "InputError",
    "Mark",
    "PhaseResult",
    "Problem",
    "Quantity",
    "Result",
    "Scenario",
    "UsageError",
    "__version__",
    "compare",
    "diff",
    "embodied",
    "estimate",
    "explain",
    "gate",
    "load",
    "refresh",
    "validate",
    "verify",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from carbonctl.app.api import (
        compare,
        diff,
        embodied,
        estimate,
        explain,
        gate,
        load,
        refresh,
        validate,
        verify,
    )
    from carbonctl.app.load import Scenario
    from carbonctl.app.outcome import PhaseResult, Quantity, Result
    from carbonctl.core.errors import CarbonctlError, InputError, Mark, Problem, UsageError


def __getattr__(name: str) -> object:
    """A public name, loaded now and kept."""
    if name not in _PUBLIC:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module  # noqa: PLC0415 - not for the command line

    found = getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})


class _Package(type(sys)):  # type: ignore[misc]
    """The package, in which a function is not hidden by the folder that has its name."""

    def __setattr__(self, name: str, value: object) -> None:
        """Set an attribute; the import of ``carbonctl.estimate.x`` sets none of a public name."""
        if not (name in _PUBLIC and isinstance(value, type(sys))):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
