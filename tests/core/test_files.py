"""One reader of the user's files: bounded, no device, no endless wait; and what it has read."""

import os
import socket
import threading

import pytest

from carbonctl.core import files, strict_yaml
from carbonctl.core.errors import InputError


def code_of(source, limit=100):
    with pytest.raises(InputError) as caught:
        files.read(str(source), limit)
    (problem,) = caught.value.problems
    assert problem.mark.file == files.display_name(str(source))
    return problem.code


def test_a_file_is_read_to_one_byte_beyond_its_limit(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"x" * 50)
    assert len(files.read(str(path), 50)) == 50
    assert len(files.read(str(path), 20)) == 21


@pytest.mark.parametrize("name", ["/dev/zero", "/dev/full", "/dev/tty", "/dev/random"])
def test_a_character_device_is_refused_unread(name):
    assert code_of(name) == "CC011"


def test_a_link_to_a_device_and_a_socket_are_refused(tmp_path, monkeypatch):
    (tmp_path / "link.yaml").symlink_to("/dev/zero")
    assert code_of(tmp_path / "link.yaml") == "CC011"
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("s")
        assert code_of("s") == "CC011"


def test_what_is_missing_or_a_folder_or_no_name_cannot_be_read(tmp_path):
    for source in (tmp_path / "none", tmp_path, "a\0b"):
        assert code_of(source) == "CC008"


def test_a_pipe_without_a_writer_is_an_error_after_a_while(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "PIPE_TIMEOUT_SECONDS", 0.02)
    os.mkfifo(tmp_path / "pipe")
    assert code_of(tmp_path / "pipe") == "CC011"


def test_a_pipe_is_read_to_its_end_however_late_it_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "PIPE_TIMEOUT_SECONDS", 0.02)
    path = tmp_path / "pipe"
    os.mkfifo(path)
    ours = os.open(path, os.O_RDWR)  # a writer that is there and has written nothing
    writer = threading.Timer(0.1, lambda: (os.write(ours, b"late" * 10), os.close(ours)))
    writer.start()
    assert files.read(str(path), 100) == b"late" * 10
    writer.join()


def test_a_pipe_that_never_ends_is_read_to_the_limit():
    reader, writer = os.pipe()
    endless = threading.Thread(target=_fill, args=(writer,))
    endless.start()
    try:
        assert len(files.read(f"/dev/fd/{reader}", 300_000)) == 300_001
    finally:
        os.close(reader)
        endless.join()


def _fill(writer):
    try:
        while True:
            os.write(writer, b"a: 1\n" * 10_000)
    except BrokenPipeError:
        os.close(writer)


def test_an_empty_pipe_is_an_empty_file():
    reader, writer = os.pipe()
    os.close(writer)
    assert files.read(f"/dev/fd/{reader}", 100) == b""
    os.close(reader)


def test_a_closed_stdin_cannot_be_read(monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    assert code_of("-") == "CC008"


def test_inputs_are_known_by_inode_until_the_next_command(tmp_path):
    path, other = tmp_path / "a.yaml", tmp_path / "b.yaml"
    path.write_text("name: x\n")
    os.link(path, other)
    files.reset_inputs()
    assert files.input_name(other, other.stat()) == ""
    strict_yaml.read(path)
    assert files.input_name(other, other.stat()) == str(path)
    files.reset_inputs()
    assert files.input_name(other, other.stat()) == ""


def test_records_of_an_own_folder_are_inputs_and_other_files_in_it_are_not(tmp_path):
    names = ("accelerators/a.yaml", "grids/x.csv", "defaults.yaml", "result.csv", "grids/note.md")
    files.reset_inputs()
    files.register_folder(tmp_path)
    found = []
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
        found.append(bool(files.input_name(path, path.stat())))
    files.reset_inputs()
    assert found == [True, True, True, False, False]
