"""One writer of results: whole files with the right mode, pipes and devices as they are."""

import os
import stat
import threading
from pathlib import Path

import pytest

from carbonctl.core import files
from carbonctl.core.errors import OutputError
from carbonctl.core.output import write_output


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def refused(target):
    with pytest.raises(OutputError) as caught:
        write_output("new\n", str(target))
    assert caught.value.exit_code == 3
    (problem,) = caught.value.problems
    return f"{problem.code} {problem.message}"


@pytest.mark.parametrize(("umask", "expected"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_has_the_mode_that_umask_leaves(umask, expected, tmp_path):
    old = os.umask(umask)
    try:
        write_output("x\n", str(tmp_path / "r"))
    finally:
        os.umask(old)
    assert mode(tmp_path / "r") == expected


@pytest.mark.parametrize("kept", [0o600, 0o640, 0o666])
def test_an_older_file_keeps_its_mode(kept, tmp_path):
    path = tmp_path / "r"
    path.write_text("old\n")
    path.chmod(kept)
    write_output("new\n", str(path))
    assert (path.read_text(), mode(path)) == ("new\n", kept)


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_and_its_target_is_written(there, tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    link.symlink_to("target")
    if there:
        target.write_text("old\n")
    write_output("new\n", str(link))
    assert link.is_symlink()
    assert target.read_text() == "new\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link", "target"]


def test_a_device_is_written_through_and_stays_one():
    """A terminal of our own, for what went wrong with /dev/null would stay wrong for everybody."""
    ours, theirs = os.openpty()
    path = os.ttyname(theirs)
    write_output("x\n", path)
    assert os.read(ours, 100) == b"x\r\n"
    assert stat.S_ISCHR(Path(path).stat().st_mode)
    os.close(ours)
    os.close(theirs)


def test_a_pipe_is_written_through(tmp_path):
    path, got = tmp_path / "pipe", []
    os.mkfifo(path)
    reader = threading.Thread(target=lambda: got.append(path.read_bytes()))
    reader.start()
    write_output("x" * 200_000, str(path))
    reader.join()
    assert got == [b"x" * 200_000]
    assert stat.S_ISFIFO(path.stat().st_mode)


def test_a_pipe_that_nobody_reads_is_an_error_after_a_while(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "PIPE_TIMEOUT_SECONDS", 0.02)
    os.mkfifo(tmp_path / "pipe")
    assert refused(tmp_path / "pipe").startswith("CC011")


def test_what_the_shell_opened_is_written_where_it_stands(tmp_path):
    path = tmp_path / "log"
    path.write_text("before\n")
    handle = os.open(path, os.O_WRONLY | os.O_APPEND)
    write_output("after\n", f"/dev/fd/{handle}")
    os.close(handle)
    assert path.read_text() == "before\nafter\n"


@pytest.mark.parametrize("how", ["itself", "symbolic link", "hard link", "other spelling"])
def test_an_input_is_never_written_over(how, tmp_path):
    path = tmp_path / "in.yaml"
    path.write_text("name: x\n")
    target = path if how == "itself" else tmp_path / "out"
    if how == "symbolic link":
        target.symlink_to(path)
    elif how == "hard link":
        os.link(path, target)
    elif how == "other spelling":
        (tmp_path / "sub").mkdir()
        target = tmp_path / "sub" / ".." / "in.yaml"
    files.reset_inputs()
    files.read(str(path), 100)
    assert "input" in refused(target)
    files.reset_inputs()
    assert path.read_text() == "name: x\n"


def test_folders_and_full_disks_are_said(tmp_path):
    assert "is a directory" in refused(tmp_path)
    assert "is a directory" in refused(f"{tmp_path}/new/")
    assert "no such file" in refused(tmp_path / "no" / "r")
    assert "no space left on device" in refused("/dev/full")
    assert refused("a\0b").startswith("CC008")
    assert list(tmp_path.iterdir()) == []


def test_a_link_to_an_open_file_writes_where_that_file_is(tmp_path):
    """As with ``-o link 3>>log``: what stood in the file stays, and so does the file."""
    log, chain = tmp_path / "log", tmp_path / "chain"
    log.write_text("before\n", encoding="utf-8")
    with log.open("ab") as file:
        (tmp_path / "link").symlink_to(f"/dev/fd/{file.fileno()}")
        chain.symlink_to("link")
        for target in (chain, f"/proc/thread-self/fd/{file.fileno()}"):
            write_output("new\n", str(target))
    assert log.read_text(encoding="utf-8") == "before\nnew\nnew\n"
