"""The one writer of results: to stdout, whole into a file, or through what is no regular file."""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
import time
from pathlib import Path

from carbonctl.core import files
from carbonctl.core.errors import Mark, OutputError, Problem
from carbonctl.core.streams import ESCAPED

FLAG = "--output"
_OPEN_FILE = re.compile(r"/(?:dev|proc/(?:thread-)?self)/fd/(\d{1,4})|/dev/std(out|err)")
_MAX_LINKS = 40
_RETRY_SECONDS = 0.05


def emit(text: str, output: str | None) -> None:
    """Write to stdout, or to a file that is whole or not there; OutputError where that fails."""
    if output in (None, "-") or _handle(str(output)) == 1:
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    target = str(output)
    try:
        _write(target, text.encode("utf-8", ESCAPED))
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = (getattr(error, "strerror", None) or "cannot be written").lower()
        raise OutputError(Problem("CC008", f"{target}: {reason}", Mark(FLAG))) from None


def _write(target: str, data: bytes) -> None:
    handle = _handle(target)
    if handle is not None:
        _to_open_file(handle, target, data)
        return
    try:
        info = os.stat(target)  # noqa: PTH116 - Path takes a slash at the end away
    except FileNotFoundError:
        info = None
    if target.endswith(("/", os.sep)) or (info is not None and stat.S_ISDIR(info.st_mode)):
        raise IsADirectoryError(errno.EISDIR, "is a directory")
    if info is None or stat.S_ISREG(info.st_mode):
        _refuse_input(target, info)
        _replace(Path(target).resolve(), data, info)
    elif stat.S_ISBLK(info.st_mode):
        message = f"{target}: this is a block device, where a file is wanted"
        raise OutputError(Problem("CC011", message, Mark(FLAG)))
    else:
        _through(target, data, pipe=stat.S_ISFIFO(info.st_mode))


def _handle(target: str) -> int | None:
    """The open file that a name stands for, links followed; a regular one is not replaced then."""
    for _link in range(_MAX_LINKS):
        known = _OPEN_FILE.fullmatch(target)
        if known is not None:
            return int(known[1] or {"out": 1, "err": 2}[known[2]])
        try:
            to = os.readlink(target)  # noqa: PTH115 - the text of the link, as it stands
        except (OSError, ValueError):  # ValueError: a NUL in the name
            return None
        target = os.path.join(os.path.dirname(target), to)  # noqa: PTH118, PTH120 - likewise
    return None


def _refuse_input(target: str, info: os.stat_result | None) -> None:
    """An error for a file that this command reads, whatever the name by which it reads it."""
    known = files.input_at(Path(target), info) if info is not None else ""
    if known:
        read = "an input of this command" if known == target else f"{known}, an input"
        message = f"{target}: this is {read}, and -o writes over none"
        raise OutputError(Problem("CC008", message, Mark(FLAG)))


def _replace(path: Path, data: bytes, info: os.stat_result | None) -> None:
    """Make a file whole beside an older one, and put it in its place with the same mode."""
    if info is not None and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, "permission denied")
    temporary = path.with_name(f".carbonctl-{os.urandom(8).hex()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    handle = os.open(temporary, flags, 0o666)  # less what umask takes away
    try:
        with os.fdopen(handle, "wb") as file:
            if info is not None and hasattr(os, "fchmod"):
                os.fchmod(handle, stat.S_IMODE(info.st_mode) & 0o777)
            file.write(data)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _through(target: str, data: bytes, *, pipe: bool) -> None:
    """Write to a device or a pipe as it is; a pipe that nobody reads is an error after a while."""
    end = time.monotonic() + files.PATIENCE_SECONDS
    while True:
        try:
            flags = os.O_WRONLY | os.O_NOCTTY | os.O_CLOEXEC | (os.O_NONBLOCK if pipe else 0)
            handle = os.open(target, flags)
            break
        except OSError as error:
            if not pipe or error.errno != errno.ENXIO:
                raise
            if time.monotonic() > end:
                message = f"{target}: nothing reads this pipe, after {files.PATIENCE_SECONDS:g} s"
                raise OutputError(Problem("CC011", message, Mark(FLAG))) from None
            time.sleep(_RETRY_SECONDS)
    os.set_blocking(handle, True)
    with os.fdopen(handle, "wb") as file:
        file.write(data)


def _to_open_file(handle: int, target: str, data: bytes) -> None:
    """Write where the shell opened a file for us, as in ``>(...)``, at the place that it is at."""
    _refuse_input(target, os.fstat(handle))
    sys.stdout.flush()
    with os.fdopen(os.dup(handle), "wb") as file:
        file.write(data)
