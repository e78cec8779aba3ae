"""Stdout and stderr of the process: what cannot be written is said once, and is no bug.

Imports nothing of ours before something goes wrong, for ``--version`` starts with it.
"""

from __future__ import annotations

import codecs
import io
import os
import sys

TYPE_CHECKING = False  # as typing has it, whose import would double the time of --version
if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

ESCAPED = "carbonctl.escaped"  # the way in which we write what an encoding lacks
STDOUT = "<stdout>"
_STRICT = {"strict", "surrogateescape"}  # what Python chooses where nobody says otherwise


def _escape(error: UnicodeError) -> tuple[str, int]:
    """Characters that an encoding lacks, as JSON escapes them."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    pairs = (units[place : place + 2] for place in range(0, len(units), 2))
    return "".join(f"\\u{int.from_bytes(pair):04x}" for pair in pairs), error.end


codecs.register_error(ESCAPED, _escape)


class _Output(io.RawIOBase):
    """A file descriptor to write to; None where it was closed before we started.

    A failure to write to stdout is an OutputError. What stderr cannot take is lost, for there is
    no place to say so, and the exit code is still that of the command.
    """

    def __init__(self, handle: int | None, *, lossy: bool) -> None:
        super().__init__()
        self.handle, self.lossy = handle, lossy

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        if self.handle is None:
            raise io.UnsupportedOperation("closed")
        return self.handle

    def isatty(self) -> bool:
        return self.handle is not None and os.isatty(self.handle)

    def write(self, data: ReadableBuffer) -> int:
        size = memoryview(data).nbytes
        try:
            return self._written(data)
        except BrokenPipeError:
            if not self.lossy:
                raise
        except OSError as error:
            if not self.lossy:
                raise _failure(error) from None
        return size

    def _written(self, data: ReadableBuffer) -> int:
        if self.handle is None:
            raise OSError(9, "is closed")
        while True:
            try:
                return os.write(self.handle, data)
            except BlockingIOError:  # a pipe that another process made non-blocking
                import select  # noqa: PLC0415 - for such pipes alone

                select.select([], [self.handle], [])


def _failure(error: OSError) -> Exception:
    from carbonctl.core.errors import Mark, OutputError, Problem  # noqa: PLC0415 - see above

    reason = (error.strerror or "cannot be written").lower()
    return OutputError(Problem("CC008", reason, Mark(STDOUT)))


def guard() -> None:
    """Put streams in place that fail as this module says, and escape what they cannot encode."""
    if os.name != "posix":
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper) and stream.errors in _STRICT:
                stream.reconfigure(errors=ESCAPED)
        return
    _reserve()
    if sys.stdout is sys.__stdout__:  # what somebody put in its place stays
        sys.stdout = _stream(sys.stdout, 1, lossy=False)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _stream(sys.stderr, 2, lossy=True)


def _reserve() -> None:
    """Open what is closed of the first three, so that no file of ours takes their numbers."""
    for handle in (0, 1, 2):
        try:
            os.fstat(handle)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _stream(old: object, handle: int, *, lossy: bool) -> io.TextIOWrapper:
    known = old if isinstance(old, io.TextIOWrapper) else None
    raw = _Output(handle if known else None, lossy=lossy)
    errors = known.errors if known and known.errors not in _STRICT else ESCAPED
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=known.encoding if known else "utf-8",
        errors=errors,
        line_buffering=lossy or (known is not None and known.line_buffering),
    )
