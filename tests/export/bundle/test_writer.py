"""Files are written into their folder, whole, and nowhere else."""

import errno
import os
from pathlib import Path

import pytest

from nas.errors import ExportError
from nas.export.bundle.writer import write_bundle

FILES = {"a.txt": "first\n", "b.txt": "second\n"}


def _tree(folder: Path) -> dict[str, str]:
    """Every file below the folder, hidden ones too, with its text; folders and links as such."""
    found = {}
    for path in sorted(folder.rglob("*")):
        kind = "-> link" if path.is_symlink() else "folder" if path.is_dir() else path.read_text()
        found[str(path.relative_to(folder))] = kind
    return found


def test_files_and_folders_are_made(tmp_path):
    written = write_bundle(FILES | {"sub/c.txt": "third\n"}, tmp_path / "new" / "out")
    assert written == [tmp_path / "new" / "out" / name for name in ("a.txt", "b.txt", "sub/c.txt")]
    assert _tree(tmp_path / "new" / "out") == {**FILES, "sub": "folder", "sub/c.txt": "third\n"}


def test_an_existing_file_is_kept_without_force_and_nothing_else_is_written(tmp_path):
    (tmp_path / "b.txt").write_text("mine")
    with pytest.raises(ExportError, match=r"b\.txt: exists already\. Add --force"):
        write_bundle(FILES, tmp_path)
    assert _tree(tmp_path) == {"b.txt": "mine"}


def test_force_replaces_its_own_files_alone(tmp_path):
    (tmp_path / "b.txt").write_text("old")
    (tmp_path / "other.txt").write_text("mine")
    write_bundle(FILES, tmp_path, force=True)
    assert _tree(tmp_path) == FILES | {"other.txt": "mine"}


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_that_is_a_link_is_refused(tmp_path, force):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").symlink_to("elsewhere")
    with pytest.raises(ExportError, match="out: is a link"):
        write_bundle(FILES, tmp_path / "out", force=force)
    assert _tree(tmp_path / "elsewhere") == {}


def test_a_subfolder_that_is_a_link_is_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "sub").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ExportError, match="out/sub: is a link"):
        write_bundle(FILES | {"sub/c.txt": ""}, tmp_path / "out", force=True)
    assert _tree(tmp_path) == {"elsewhere": "folder", "out": "folder", "out/sub": "-> link"}


@pytest.mark.parametrize("dangling", [False, True])
def test_a_file_that_is_a_link_is_refused_even_with_force(tmp_path, dangling):
    victim = tmp_path / "victim"
    if not dangling:
        victim.write_text("mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.txt").symlink_to(victim)
    with pytest.raises(ExportError, match=r"a\.txt: is a link"):
        write_bundle(FILES, tmp_path / "out", force=True)
    assert victim.exists() != dangling
    assert _tree(tmp_path / "out") == {"a.txt": "-> link"}


@pytest.mark.parametrize("name", [".a.txt.nas-new", ".a.txt.nas-old"])
def test_a_link_under_a_temporary_name_is_never_written_through(tmp_path, name):
    (tmp_path / "victim").write_text("mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).symlink_to(tmp_path / "victim")
    (tmp_path / "out" / "a.txt").write_text("old")
    write_bundle(FILES, tmp_path / "out", force=True)
    assert (tmp_path / "victim").read_text() == "mine"
    assert _tree(tmp_path / "out") == FILES


def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path):
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(ExportError, match=r"a\.txt: is not a plain file"):
        write_bundle(FILES, tmp_path, force=True)


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "out").write_text("mine")
    for folder in (tmp_path / "out", tmp_path / "out" / "deeper"):
        with pytest.raises(ExportError, match=r"cannot be written \(Not a directory"):
            write_bundle(FILES, folder, force=True)
    assert _tree(tmp_path) == {"out": "mine"}


@pytest.mark.parametrize("name", ["../a", "/a", "a/../b", "a/b/c", "", ".", "..", "sub/", "a\0b", "sub/.."])
def test_names_that_lead_out_are_refused(tmp_path, name):
    with pytest.raises(ExportError, match="inside the output folder"):
        write_bundle({"ok.txt": "", name: ""}, tmp_path / "out")
    assert _tree(tmp_path) == {}


def _refusing(code: int):
    def refuse(name, *_, **__):
        raise OSError(code, os.strerror(code), name)

    return refuse


@pytest.mark.parametrize("call", ["mkdir", "open"])
@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS])
def test_a_folder_that_must_not_be_written_is_one_clear_line(tmp_path, monkeypatch, call, code):
    """Root may write into folders without write permission, so the refusal is played."""
    monkeypatch.setattr(os, call, _refusing(code))
    with pytest.raises(ExportError, match=f"out: cannot be written \\({os.strerror(code)}"):
        write_bundle(FILES, tmp_path / "out")
    assert _tree(tmp_path) == {}


def test_a_full_disk_is_one_clear_line(tmp_path, monkeypatch):
    def no_room(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(ExportError, match=r"out: cannot be written \(No space left on device\)\.$"):
        write_bundle(FILES, tmp_path / "out")
    assert _tree(tmp_path) == {}


@pytest.mark.parametrize("nth_rename", [1, 2, 3, 4])
def test_a_failure_half_way_leaves_the_folder_as_it_was(tmp_path, monkeypatch, nth_rename):
    """Both files exist, so that there are four renames: two aside, two into place."""
    out = tmp_path / "out"
    out.mkdir()
    for name in FILES:
        (out / name).write_text(f"old {name}")
    before, rename, calls = _tree(out), os.rename, []

    def failing(*args, **kwargs):
        calls.append(args)
        if len(calls) == nth_rename:
            raise OSError(28, "No space left on device", args[1])
        rename(*args, **kwargs)

    monkeypatch.setattr(os, "rename", failing)
    with pytest.raises(ExportError, match="No space left on device"):
        write_bundle(FILES, out, force=True)
    assert _tree(out) == before


def test_a_failure_takes_back_the_folders_it_made(tmp_path, monkeypatch):
    def failing(*args, **kwargs):
        raise OSError(28, "No space left on device", args[1])

    monkeypatch.setattr(os, "rename", failing)
    with pytest.raises(ExportError, match="No space left"):
        write_bundle({"sub/a.txt": ""}, tmp_path / "new" / "out")
    assert _tree(tmp_path) == {}
