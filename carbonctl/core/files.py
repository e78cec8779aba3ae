"""The one reader of files that a user names: bounded, no device, no endless wait for a pipe.

A pipe such as ``<(...)`` is read like a file. What is opened here counts as an input of the
command, and ``core.output`` writes over none of them.
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
PATIENCE_SECONDS = 10.0  # how long a pipe may be without a writer, or without a reader
STDIN = "<stdin>"
_SPECIAL = {
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
    stat.S_IFSOCK: "a socket",
}
_read: dict[tuple[int, int], str] = {}  # device and inode of every file read, and its name
_folders: list[Path] = []  # the user's own folders of hardware data


def read(source: str, limit: int) -> bytes:
    """The bytes of a file, or of stdin for ``-``: at most one more than ``limit``, to know of more.

    Every way in which that fails is an InputError at the name of the file.
    """
    with opened(source) as handle:
        try:
            return handle.read(limit + 1) or b""
        except (OSError, ValueError) as error:  # ValueError: not open for reading
            unreadable(name_of(source), error)


@contextmanager
def opened(source: str) -> Iterator[BinaryIO]:
    """A file that the user named, or stdin for ``-``, as a stream of bytes."""
    if source == "-":
        handle = _stdin()
        _remember(handle, STDIN)
        yield handle
        return
    try:
        handle = _open(source)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        unreadable(source, error)
    with handle:
        _remember(handle, source)
        yield handle


def name_of(source: str) -> str:
    """How errors call a source: ``<stdin>`` for ``-``."""
    return STDIN if source == "-" else source


def unreadable(name: str, error: Exception) -> NoReturn:
    """Raise what the system says of a file as an InputError."""
    reason = (getattr(error, "strerror", None) or "cannot be read").lower()
    raise InputError([Problem("CC008", reason, Mark(name))]) from None


def is_regular(source: str) -> bool:
    """Whether a source is a file with a place in a folder, as stdin and pipes are not."""
    if source == "-":
        return False
    try:
        return stat.S_ISREG(Path(source).stat().st_mode)
    except (OSError, ValueError):
        return True  # the error of reading it says more


def start() -> None:
    """Forget the inputs of an earlier command of this process."""
    _read.clear()
    _folders.clear()


def remember_folder(folder: Path) -> None:
    """Count the records and tables of a folder of hardware data as inputs, read or not."""
    _folders.append(folder.resolve())


def input_at(path: Path, info: os.stat_result) -> str:
    """The name by which this command reads the file of a path; empty when it does not."""
    known = _read.get((info.st_dev, info.st_ino))
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
        raise InputError([Problem("CC008", "is closed", Mark(STDIN), "give a file, or a pipe")])
    return sys.stdin.buffer


def _open(source: str) -> BinaryIO:
    path = Path(source)
    mode = path.stat().st_mode
    if stat.S_ISFIFO(mode):
        return _pipe(source)
    special = _SPECIAL.get(stat.S_IFMT(mode))
    if special is not None:
        hint = "- reads stdin" if special == _SPECIAL[stat.S_IFCHR] else ""
        message = f"this is {special}, where a file is wanted"
        raise InputError([Problem("CC011", message, Mark(source), hint)])
    return path.open("rb")


def _pipe(source: str) -> BinaryIO:
    """A pipe that has a writer; opening it does not wait for one for ever."""
    import select  # noqa: PLC0415 - for pipes alone

    handle = os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    poller = select.poll()
    poller.register(handle, select.POLLIN)
    if not poller.poll(PATIENCE_SECONDS * 1000) and not _has_writer(handle):
        os.close(handle)
        message = f"nothing writes to this pipe, after {PATIENCE_SECONDS:g} s"
        raise InputError([Problem("CC011", message, Mark(source))])
    os.set_blocking(handle, True)
    return os.fdopen(handle, "rb")


def _has_writer(handle: int) -> bool:
    """Whether somebody holds the other end of a pipe that is empty."""
    try:
        return os.read(handle, 1) != b""
    except BlockingIOError:  # there is a writer, which has written nothing yet
        return True


def _remember(handle: BinaryIO, name: str) -> None:
    try:
        info = os.fstat(handle.fileno())
    except (OSError, ValueError, io.UnsupportedOperation):  # a stream in memory
        return
    if stat.S_ISREG(info.st_mode):
        _read[info.st_dev, info.st_ino] = name
