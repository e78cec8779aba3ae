"""Stdout and stderr of the process, with failures of writing as expected errors.

Imports nothing of carbonctl unless a write fails, to keep ``--version`` fast.
"""

from __future__ import annotations

import codecs
import io
import os
import sys

TYPE_CHECKING = False  # as typing has it, whose import would double the time of --version
if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

ESCAPED = "carbonctl.escaped"  # error handler for characters that the encoding lacks
STDOUT = "<stdout>"
_STRICT = {"strict", "surrogateescape"}  # the defaults of Python


def _escape(error: UnicodeError) -> tuple[str, int]:
    """Escapes, as in JSON, of characters that the encoding lacks."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    pairs = (units[place : place + 2] for place in range(0, len(units), 2))
    return "".join(f"\\u{int.from_bytes(pair):04x}" for pair in pairs), error.end


codecs.register_error(ESCAPED, _escape)


class _Output(io.RawIOBase):
    """A file descriptor to write to; None if it was closed before the program started.

    A failure to write raises OutputError, or is ignored with ``ignores_errors``: for stderr there
    is no stream left to report it on, and the exit code stays that of the command.
    """

    def __init__(self, handle: int | None, *, ignores_errors: bool) -> None:
        super().__init__()
        self.handle, self.ignores_errors = handle, ignores_errors

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
            return self._write_once(data)
        except BrokenPipeError:
            if not self.ignores_errors:
                raise
        except OSError as error:
            if not self.ignores_errors:
                raise _output_error(error) from None
        return size

    def _write_once(self, data: ReadableBuffer) -> int:
        if self.handle is None:
            raise OSError(9, "is closed")
        while True:
            try:
                return os.write(self.handle, data)
            except BlockingIOError:  # a pipe that another process made non-blocking
                import select

                select.select([], [self.handle], [])


def _output_error(error: OSError) -> Exception:
    from carbonctl.core.errors import Mark, OutputError, Problem

    reason = (error.strerror or "cannot be written").lower()
    return OutputError(Problem("CC008", reason, Mark(STDOUT)))


def install_streams() -> None:
    """Replace sys.stdout and sys.stderr by streams that escape and raise as described above."""
    if os.name != "posix":
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper) and stream.errors in _STRICT:
                stream.reconfigure(errors=ESCAPED)
        return
    _reserve_standard_descriptors()
    if sys.stdout is sys.__stdout__:  # keep a stream that a caller has installed
        sys.stdout = _stream(sys.stdout, 1, ignores_errors=False)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _stream(sys.stderr, 2, ignores_errors=True)


def _reserve_standard_descriptors() -> None:
    """Open closed descriptors 0, 1 and 2, so that no other file gets these numbers."""
    for handle in (0, 1, 2):
        try:
            os.fstat(handle)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _stream(old: object, handle: int, *, ignores_errors: bool) -> io.TextIOWrapper:
    wrapper = old if isinstance(old, io.TextIOWrapper) else None
    raw = _Output(handle if wrapper else None, ignores_errors=ignores_errors)
    errors = wrapper.errors if wrapper and wrapper.errors not in _STRICT else ESCAPED
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=wrapper.encoding if wrapper else "utf-8",
        errors=errors,
        line_buffering=ignores_errors or (wrapper is not None and wrapper.line_buffering),
    )
