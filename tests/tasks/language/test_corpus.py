"""What is read from a file, a folder, a glob, and from nowhere."""

import os
import sysconfig
from hashlib import sha256
from pathlib import Path

import pytest

from nas.errors import InputError
from nas.tasks.language import corpus
from nas.tasks.language.corpus import Corpus, read_corpus


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def names(corpus: Corpus) -> list[str]:
    return [document.name for document in corpus.documents]


def test_a_folder_gives_its_text_files_in_the_order_of_their_names(tmp_path: Path) -> None:
    write(tmp_path, {"b.txt": b"two", "a/z.md": b"one", "a/b/deep": b"deep", "c": b"three"})
    corpus = read_corpus(str(tmp_path))
    assert names(corpus) == ["a/b/deep", "a/z.md", "b.txt", "c"]
    assert corpus.documents[1].content == b"one"
    assert corpus.num_bytes == len(b"twoonedeepthree")


def test_hidden_binary_empty_and_repeated_files_are_left_out(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "kept.txt": b"text",
            ".hidden": b"hidden",
            ".git/config": b"in a hidden folder",
            "picture.png": b"\x89PNG\0\0",
            "empty.txt": b"",
            "same.txt": b"text",
        },
    )
    assert names(read_corpus(str(tmp_path))) == ["kept.txt"]


def test_what_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, {"kept.txt": b"text", "sub/other.txt": b"more"})
    (tmp_path / "dangling.txt").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    assert names(read_corpus(str(tmp_path))) == ["kept.txt", "sub/other.txt"]


def test_a_glob_takes_what_it_matches_and_no_more(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": b"a", "x/b.py": b"b", "x/y/c.py": b"c", "x/y/d.txt": b"d", "x/y/.e.py": b"e"})
    assert names(read_corpus(f"{tmp_path}/**/*.py")) == ["a.py", "x/b.py", "x/y/c.py"]
    assert names(read_corpus(f"{tmp_path}/x/*/*")) == ["c.py", "d.txt"]


def test_a_relative_glob_starts_in_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"a.txt": b"a", "sub/b.txt": b"b"})
    monkeypatch.chdir(tmp_path)
    assert names(read_corpus("**/*.txt")) == ["a.txt", "sub/b.txt"]


def test_a_single_file_is_read_whatever_it_holds(tmp_path: Path) -> None:
    write(tmp_path, {"tokens[1].bin": b"\0\1\2"})
    corpus = read_corpus(str(tmp_path / "tokens[1].bin"))
    assert corpus.documents[0].content == b"\0\1\2"


def test_the_fingerprint_follows_the_bytes_and_not_the_place(tmp_path: Path) -> None:
    one = read_corpus(str(write(tmp_path / "one", {"a": b"abc", "b": b"def"})))
    two = read_corpus(str(write(tmp_path / "two", {"a": b"abc", "b": b"def"})))
    moved_byte = read_corpus(str(write(tmp_path / "three", {"a": b"abcd", "b": b"ef"})))
    assert one.fingerprint == two.fingerprint != moved_byte.fingerprint
    digests = sha256(b"abc").digest() + sha256(b"def").digest()
    assert one.fingerprint == sha256(digests).hexdigest()


@pytest.mark.parametrize("path", ["nowhere", "", "none/**/*.txt", "empty", "only_binary", "empty.txt", "nul\0byte"])
def test_no_text_is_an_error_that_names_the_setting(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write(tmp_path, {"only_binary/x": b"\0", "empty.txt": b""}))
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"^task\.path: must name a file, folder or glob with text in it, got '"):
        read_corpus(path)


def test_too_much_is_refused_before_anything_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"a.txt": b"text", "sub/b.txt": b"more", "sub/c.txt": b"rest"})
    monkeypatch.setattr(corpus, "MOST_BYTES", 11)
    monkeypatch.setattr(Path, "open", lambda *_: pytest.fail("a file was opened"))
    monkeypatch.setattr(Path, "read_bytes", lambda *_: pytest.fail("a file was read"))
    for path in (f"{tmp_path}", f"{tmp_path}/**/*.txt"):
        with pytest.raises(InputError, match=r"^task\.path: must name files of at most 11 bytes .* got '12 bytes in"):
            read_corpus(path)
    monkeypatch.setattr(corpus, "MOST_BYTES", 3)
    with pytest.raises(InputError, match="got '4 bytes in the first 1 files"):
        read_corpus(f"{tmp_path}/a.txt")


def test_the_default_is_the_standard_library_without_tests_and_build_products() -> None:
    corpus = read_corpus()
    assert {"argparse.py", "json/decoder.py"} <= set(names(corpus))
    parts = {part for name in names(corpus) for part in name.split("/")}
    assert not parts & {"test", "tests", "idlelib", "lib2to3", "site-packages"}
    assert not any(part.startswith(("_sysconfigdata", "config-")) for part in parts)
    assert all(name.endswith(".py") for name in names(corpus))
    assert corpus.num_bytes > 5_000_000


def test_a_python_without_sources_is_told_to_bring_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path))
    with pytest.raises(InputError, match="no sources"):
        read_corpus()
