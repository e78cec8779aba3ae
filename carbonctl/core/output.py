"""Writing of results: to stdout, atomically to a file, or to a pipe or device."""

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


def write_output(text: str, output: str | None) -> None:
    """Write text to stdout, or atomically to a file; OutputError if that fails."""
    if output in (None, "-") or _descriptor_of(str(output)) == 1:
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
    handle = _descriptor_of(target)
    if handle is not None:
        _write_to_descriptor(handle, target, data)
        return
    try:
        info = os.stat(target)  # noqa: PTH116 - Path takes a slash at the end away
    except FileNotFoundError:
        info = None
    if target.endswith(("/", os.sep)) or (info is not None and stat.S_ISDIR(info.st_mode)):
        raise IsADirectoryError(errno.EISDIR, "is a directory")
    if info is None or stat.S_ISREG(info.st_mode):
        _refuse_input(target, info)
        _replace_file(Path(target).resolve(), data, info)
    elif stat.S_ISBLK(info.st_mode):
        message = f"{target}: expected a file, got a block device"
        raise OutputError(Problem("CC011", message, Mark(FLAG)))
    else:
        _write_to_device(target, data, pipe=stat.S_ISFIFO(info.st_mode))


def _descriptor_of(target: str) -> int | None:
    """The file descriptor that a name such as ``/dev/stdout`` means; None for other names."""
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
    """Raise OutputError for a file that is an input of this command, under any name."""
    known = files.input_name(Path(target), info) if info is not None else ""
    if known:
        read = "an input of this command" if known == target else f"{known}, an input"
        message = f"{target}: this is {read}, and -o overwrites no input"
        raise OutputError(Problem("CC008", message, Mark(FLAG)))


def _replace_file(path: Path, data: bytes, info: os.stat_result | None) -> None:
    """Write a temporary file, then rename it to ``path``; keep the mode of an older file."""
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


def _write_to_device(target: str, data: bytes, *, pipe: bool) -> None:
    """Write to a device or a pipe; OutputError if no process reads the pipe in time."""
    end = time.monotonic() + files.PIPE_TIMEOUT_SECONDS
    while True:
        try:
            flags = os.O_WRONLY | os.O_NOCTTY | os.O_CLOEXEC | (os.O_NONBLOCK if pipe else 0)
            handle = os.open(target, flags)
            break
        except OSError as error:
            if not pipe or error.errno != errno.ENXIO:
                raise
            if time.monotonic() > end:
                message = (
                    f"{target}: nothing reads this pipe, after {files.PIPE_TIMEOUT_SECONDS:g} s"
                )
                raise OutputError(Problem("CC011", message, Mark(FLAG))) from None
            time.sleep(_RETRY_SECONDS)
    os.set_blocking(handle, True)
    with os.fdopen(handle, "wb") as file:
        file.write(data)


def _write_to_descriptor(handle: int, target: str, data: bytes) -> None:
    """Write to a descriptor that the shell opened, as in ``>(...)``, at its current offset."""
    _refuse_input(target, os.fstat(handle))
    sys.stdout.flush()
    with os.fdopen(os.dup(handle), "wb") as file:
        file.write(data)
