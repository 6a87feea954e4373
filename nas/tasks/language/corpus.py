"""Reading text: the default corpus, or a user's file, folder or glob."""

import glob
import os
import platform
import stat
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from nas.errors import InputError

LEFT_OUT_OF_STDLIB = frozenset({"test", "tests", "idlelib", "lib2to3", "site-packages", "dist-packages"})
"""Folders that the default corpus leaves out: tests, what distributions often ship separately, third-party packages."""

MACHINE_PREFIXES = ("config-", "_sysconfigdata")
"""Start of the names of files and folders that are written when Python is built and differ between builds."""

MOST_BYTES = 2**30
"""Size of the files that a corpus is looked for in: every worker holds the text in memory."""

_PROBED_BYTES = 8192


@dataclass(frozen=True, slots=True)
class Document:
    """One file of a corpus.

    Args:
        name: path below the corpus's root, with forward slashes.
        content: its bytes.
    """

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Corpus:
    """Text to learn from.

    Args:
        source: where it came from, for reports and messages.
        documents: in the order of their names; no two have the same bytes.
        fingerprint: SHA-256 of the documents' SHA-256 digests in order, hexadecimal.
    """

    source: str
    documents: tuple[Document, ...]
    fingerprint: str

    @property
    def num_bytes(self) -> int:
        """Size of all documents together, in bytes."""
        return sum(len(document.content) for document in self.documents)


def read_corpus(path: str | None = None) -> Corpus:
    """The corpus at a path.

    Args:
        path: None for the standard library's own sources; else a file (read whole, whatever it holds), a
            folder (its text files, recursively) or a glob (the text files that it matches, `**` allowed).
            Relative to the working directory; `~` is expanded. Left out of folders and globs: hidden files,
            binary ones (a zero byte near the start), unreadable ones, and files whose bytes were already read.

    Raises:
        InputError: nothing is there, or nothing that can be read as text, or files of more than MOST_BYTES in all;
            sizes are looked up before anything is read.
    """
    if path is None:
        return read_stdlib()
    place = os.path.expanduser(path)
    if os.path.isdir(place):
        return _corpus(path, Path(place), _affordable(path, _files_below(Path(place))), "It holds no text files.")
    if os.path.isfile(place):
        _affordable(path, [Path(place)])
        return _single_file(Path(place))
    if glob.has_magic(place):
        found = _affordable(path, (Path(name) for name in glob.iglob(place, recursive=True)))
        root = Path(os.path.commonpath([file.parent for file in found])) if found else Path()
        return _corpus(path, root, found, "It matches no text files.")
    raise _no_text(path, "Nothing that can be read is there.")


def read_stdlib() -> Corpus:
    """The standard library's own `.py` files: the same bytes wherever the same version of Python is installed."""
    root = Path(sysconfig.get_path("stdlib"))
    files = (file for file in _files_below(root, LEFT_OUT_OF_STDLIB) if _is_own_source(file.relative_to(root)))
    return _corpus(f"Python {platform.python_version()} standard library", root, files, "This Python has no sources.")


def _is_own_source(name: Path) -> bool:
    return name.suffix == ".py" and not any(part.startswith(MACHINE_PREFIXES) for part in name.parts)


def _single_file(file: Path) -> Corpus:
    try:
        document = Document(file.name, file.read_bytes())
    except OSError as error:
        raise _no_text(str(file), f"It cannot be read: {error.strerror}.") from None
    if not document.content:
        raise _no_text(str(file), "It is empty.")
    return Corpus(str(file), (document,), _fingerprint([sha256(document.content).digest()]))


def _files_below(root: Path, left_out: frozenset[str] = frozenset()) -> Iterator[Path]:
    """All files but hidden ones and those in folders that are hidden or left out; links to folders are not followed."""
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in left_out]
        yield from (Path(folder, name) for name in files if not name.startswith("."))


def _affordable(source: str, files: Iterable[Path]) -> list[Path]:
    """The files that hold something, by their sizes alone; the look-up ends where there is too much."""
    kept: list[Path] = []
    total = 0
    for file in files:
        if size := _num_bytes(file):
            kept.append(file)
            total += size
        if total > MOST_BYTES:
            allowed = f"must name files of at most {MOST_BYTES:,} bytes in all, binary ones counted"
            came = f"{total:,} bytes in the first {len(kept):,} files of {source}"
            remedy = "Name a smaller folder, or a glob such as 'notes/**/*.txt'."
            raise InputError("task.path", allowed, came, remedy)
    return kept


def _num_bytes(file: Path) -> int:
    """Size of an ordinary file, in bytes; 0 for anything else, also for files that the system makes up (/proc)."""
    try:
        found = file.stat()
    except (OSError, ValueError):
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 0


def _corpus(source: str, root: Path, files: Iterable[Path], remedy: str) -> Corpus:
    documents: dict[bytes, Document] = {}
    for name, file in sorted((file.relative_to(root).as_posix(), file) for file in files):
        if content := _read_text(file):
            documents.setdefault(sha256(content).digest(), Document(name, content))
    if not documents:
        raise _no_text(source, remedy)
    return Corpus(source, tuple(documents.values()), _fingerprint(documents))


def _read_text(file: Path) -> bytes:
    """The file's bytes; empty for what is no ordinary readable text file."""
    try:
        with file.open("rb") as stream:
            start = stream.read(_PROBED_BYTES)
            return b"" if b"\0" in start else start + stream.read()
    except OSError:
        return b""


def _fingerprint(digests: Iterable[bytes]) -> str:
    return sha256(b"".join(digests)).hexdigest()


def _no_text(source: str, remedy: str) -> InputError:
    return InputError("task.path", "must name a file, folder or glob with text in it", source, remedy)
