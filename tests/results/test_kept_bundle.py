"""Copies of exports in a study folder, read as plain files."""

from pathlib import Path

import pytest

from nas.errors import StudyError
from nas.results import kept_bundle
from nas.results.kept_bundle import EXPORTS_FOLDER, KeptBundle, bundle_name, kept_bundles
from nas.results.own_files import check_own


def put(study: Path, name: str, **files: bytes) -> Path:
    folder = study / EXPORTS_FOLDER / name
    folder.mkdir(parents=True)
    for file, content in ({"bundle.json": b"{}"} | files).items():
        (folder / file).write_bytes(content)
    return folder


def test_bundles_are_read_by_name_with_all_their_files(tmp_path: Path) -> None:
    put(tmp_path, bundle_name(12, "flex"), module=b"x = 1")
    put(tmp_path, bundle_name(3, "llama_cpp"), picture=b"\x89PNG")
    assert kept_bundles(tmp_path) == (
        KeptBundle(name="00003-llama_cpp", files={"bundle.json": b"{}", "picture": b"\x89PNG"}),
        KeptBundle(name="00012-flex", files={"bundle.json": b"{}", "module": b"x = 1"}),
    )


def test_a_study_that_exported_nothing_has_none(tmp_path: Path) -> None:
    assert kept_bundles(tmp_path) == ()


def test_what_is_no_bundle_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "my own notes")
    (put(tmp_path, "00001-flex") / "bundle.json").unlink()
    put(tmp_path, "00002-flex", big=b"0" * 200)
    monkeypatch.setattr(kept_bundle, "MOST_BYTES", 100)
    assert kept_bundles(tmp_path) == ()


def test_a_link_among_them_refuses_the_study(tmp_path: Path) -> None:
    (put(tmp_path, "00001-flex") / "secret").symlink_to("/etc/passwd")
    with pytest.raises(StudyError, match="00001-flex/secret: must be a file or a folder of the study itself"):
        check_own(tmp_path)
