"""Reading of files that a user names: size is bounded, devices are refused, pipes time out.

A pipe such as ``<(...)`` is read like a file. Files opened here are inputs of the command;
``core.output`` refuses to overwrite them.
"""

from __future__ import annotations

import io
import os
import stat
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NoReturn

from carbonctl.core.errors import InputError, Mark, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_TEXT = 4_000_000  # scenario, policy, model card, file of hardware_db
MAX_RESULT = 40_000_000  # saved result
MAX_LOG = 50_000_000  # log, table of cases
PIPE_TIMEOUT_SECONDS = 10.0  # how long a pipe may be without a writer, or without a reader
STDIN = "<stdin>"
_SPECIAL = {
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
    stat.S_IFSOCK: "a socket",
}
_inputs: dict[tuple[int, int], str] = {}  # device and inode of every file read, and its name
_folders: list[Path] = []  # the user's own folders of hardware data


def read(source: str, limit: int) -> bytes:
    """At most ``limit + 1`` bytes of a file, or of stdin for ``-``.

    A result of more than ``limit`` bytes means that the file is too large. Any failure is an
    InputError that names the file.
    """
    with open_source(source) as handle:
        try:
            return handle.read(limit + 1) or b""
        except (OSError, ValueError) as error:  # ValueError: not open for reading
            raise_unreadable(display_name(source), error)


@contextmanager
def open_source(source: str) -> Iterator[BinaryIO]:
    """The binary stream of a file that the user named, or of stdin for ``-``."""
    if source == "-":
        handle = _stdin()
        _register(handle, STDIN)
        yield handle
        return
    try:
        handle = _open(source)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise_unreadable(source, error)
    with handle:
        _register(handle, source)
        yield handle


def display_name(source: str) -> str:
    """The name of a source in errors: ``<stdin>`` for ``-``."""
    return STDIN if source == "-" else source


def raise_unreadable(name: str, error: Exception) -> NoReturn:
    """Raise an error of the operating system about a file as an InputError."""
    reason = (getattr(error, "strerror", None) or "cannot be read").lower()
    raise InputError([Problem("CC008", reason, Mark(name))]) from None


def is_regular(source: str) -> bool:
    """Whether a source is a regular file, not stdin or a pipe."""
    if source == "-":
        return False
    try:
        return stat.S_ISREG(Path(source).stat().st_mode)
    except (OSError, ValueError):
        return True  # reading it raises a better error


def reset_inputs() -> None:
    """Clear the inputs that an earlier command of this process registered."""
    _inputs.clear()
    _folders.clear()


def register_folder(folder: Path) -> None:
    """Register all records and tables of a folder of hardware data as inputs."""
    _folders.append(folder.resolve())


def input_name(path: Path, info: os.stat_result) -> str:
    """The name under which this command reads the file at a path; empty if it does not."""
    known = _inputs.get((info.st_dev, info.st_ino))
    if known is not None:
        return known
    real = path.resolve()
    for folder in _folders:
        own = real.is_relative_to(folder) and real.suffix in {".yaml", ".csv"}
        root = {"defaults.yaml", "sources.yaml", "aliases.csv"}
        if own and (real.parent != folder or real.name in root):
            return str(path)
    return ""


def _stdin() -> BinaryIO:
    if sys.stdin is None:  # closed before we started
        raise InputError([Problem("CC008", "is closed", Mark(STDIN), "give a file or a pipe")])
    return sys.stdin.buffer


def _open(source: str) -> BinaryIO:
    path = Path(source)
    mode = path.stat().st_mode
    if stat.S_ISFIFO(mode):
        return _open_pipe(source)
    special = _SPECIAL.get(stat.S_IFMT(mode))
    if special is not None:
        hint = "- reads stdin" if special == _SPECIAL[stat.S_IFCHR] else ""
        message = f"expected a file, got {special}"
        raise InputError([Problem("CC011", message, Mark(source), hint)])
    return path.open("rb")


def _open_pipe(source: str) -> BinaryIO:
    """Open a pipe for reading; InputError if no process writes to it in time."""
    import select

    handle = os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    poller = select.poll()
    poller.register(handle, select.POLLIN)
    if not poller.poll(PIPE_TIMEOUT_SECONDS * 1000) and not _has_writer(handle):
        os.close(handle)
        message = f"nothing writes to this pipe, after {PIPE_TIMEOUT_SECONDS:g} s"
        raise InputError([Problem("CC011", message, Mark(source))])
    os.set_blocking(handle, True)
    return os.fdopen(handle, "rb")


def _has_writer(handle: int) -> bool:
    """Whether another process has an empty pipe open for writing."""
    try:
        return os.read(handle, 1) != b""
    except BlockingIOError:  # there is a writer, which has written nothing yet
        return True


def _register(handle: BinaryIO, name: str) -> None:
    try:
        info = os.fstat(handle.fileno())
    except (OSError, ValueError, io.UnsupportedOperation):  # a stream in memory
        return
    if stat.S_ISREG(info.st_mode):
        _inputs[info.st_dev, info.st_ino] = name
