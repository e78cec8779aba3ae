"""Life-cycle carbon of AI: what a model costs, how sure we are, what would change it.

``import carbonctl`` imports no submodule; each name below is imported on first use.
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
    """Import a public name on first use."""
    if name not in _PUBLIC:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})


class _Package(type(sys)):  # type: ignore[misc]
    """Package type that keeps public functions when a submodule of the same name is imported."""

    def __setattr__(self, name: str, value: object) -> None:
        """Set an attribute, except a submodule under a public name."""
        if not (name in _PUBLIC and isinstance(value, type(sys))):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
