"""Loading a bundle from its folder as data: nothing in it is run."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from nas.errors import InputError, unknown
from nas.export.bundle.contents import PROVENANCE_FILE
from nas.export.contract.export_format import Files, Format
from nas.export.formats import FORMATS, pattern_file
from nas.files import MOST_BYTES
from nas.patterns.file import load_pattern
from nas.patterns.model import ModelPattern
from nas.results.bundle import BUNDLE_FILE, BUNDLE_SCHEMA, Bundle
from nas.results.codec import DamagedError, Value, check_schema, from_json
from nas.results.provenance import SCHEMA as PROVENANCE_SCHEMA
from nas.results.provenance import Provenance

Record = TypeVar("Record", bound=Value)

_LARGEST = 1 << 30
"""Largest file of a format, in bytes; records are no longer than those of a study."""
_REMEDY = "Export it again."


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedBundle:
    """The content of a bundle.

    Args:
        format: the format of its files.
        pattern: the pattern of pattern.json.
        provenance: the content of provenance.json.
        files: the format's files as they are in the folder.
        expected: the same files as nas writes them now for this pattern and provenance.
    """

    format: Format
    pattern: ModelPattern
    provenance: Provenance
    files: Files
    expected: Files


def load_bundle(folder: Path) -> LoadedBundle:
    """Load a bundle.

    Args:
        folder: where `nas export` wrote it.

    Raises:
        InputError: there is no such bundle, or it is damaged.
        StudyError: another version of nas wrote it.
        Refusal: the format cannot represent the pattern in it.
    """
    bundle = _read(folder / BUNDLE_FILE, Bundle, BUNDLE_SCHEMA, "Name a folder that nas export wrote.")
    provenance = _read(folder / PROVENANCE_FILE, Provenance, PROVENANCE_SCHEMA, _REMEDY)
    where = str(folder / BUNDLE_FILE)
    if bundle.format not in FORMATS:
        raise unknown(f"{where}: format", bundle.format, FORMATS, "format")
    export_format = FORMATS[bundle.format]
    pattern = load_pattern(_plain_file(folder / pattern_file.FILE_NAME))
    export_format.check_options(bundle.settings)
    expected = export_format.write(pattern, provenance, bundle.settings)
    if list(bundle.files) != list(expected):
        raise InputError(f"{where}: files", f"must be {', '.join(expected)}", list(bundle.files), _REMEDY)
    files: Files = {}
    for name, content in expected.items():
        found = _plain_file(folder / name).read_bytes()
        files[name] = _text(folder / name, found) if isinstance(content, str) else found
    return LoadedBundle(format=export_format, pattern=pattern, provenance=provenance, files=files, expected=expected)


def _read(path: Path, kind: type[Record], schema: str, remedy: str) -> Record:
    content = _text(path, _plain_file(path, remedy, MOST_BYTES).read_bytes())
    try:
        check_schema(content, schema, path)
        return from_json(content, kind)
    except DamagedError as error:
        raise InputError(str(path), "must hold what nas export wrote", str(error), _REMEDY) from None


def _text(path: Path, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise InputError(str(path), "must be text in UTF-8", content[:20], _REMEDY) from None


def _plain_file(path: Path, remedy: str = _REMEDY, most: int = _LARGEST) -> Path:
    """The path, if it is a plain file of acceptable size and not a link.

    Raises:
        InputError: it is not.
    """
    try:
        found = os.lstat(path)
    except OSError as error:
        raise InputError(str(path), "must be a readable file", error.strerror, remedy) from None
    if not stat.S_ISREG(found.st_mode) or found.st_size > most:
        raise InputError(str(path), f"must be a plain file of at most {most} bytes", found.st_size, remedy)
    return path
