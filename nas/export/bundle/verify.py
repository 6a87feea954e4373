"""Reading a bundle back from its folder, with the target's own library where it can be imported."""

import json
import os
import stat
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from nas.errors import ExportError, InputError, NasError, unknown
from nas.export.bundle import outcome as verification
from nas.export.bundle.contents import BUNDLE_FILE, PROVENANCE_FILE, SCHEMA, as_json, check_options
from nas.export.bundle.outcome import Check, Verification, own_name
from nas.export.bundle.writer import write_bundle
from nas.export.provenance import Provenance
from nas.export.selection.point import ExportPoint
from nas.export.settings import ExportSettings
from nas.export.targets import pattern_file
from nas.export.targets.catalog import FORMATS
from nas.export.targets.reading import Files
from nas.export.targets.target import Format, Library
from nas.patterns.file import load_pattern
from nas.patterns.model import ModelPattern

_LARGEST = 1 << 30
"""Largest file of a bundle, in bytes."""


def verify_bundle(folder: Path) -> Verification:
    """Compare the files of a bundle with its pattern, and record the outcome in the bundle.

    A module that lies in the bundle is run only if it is, byte for byte, what `nas` writes for the pattern beside it;
    everything else is data and is parsed.

    Args:
        folder: where `nas export` wrote it.

    Returns:
        what was compared and found equal.

    Raises:
        InputError: there is no such bundle, or it is damaged; nothing is recorded.
        ExportError: the files do not mean the pattern; the bundle records that.
    """
    format_name, settings, point, files = _load(folder)
    target = FORMATS[format_name]
    outcome = Verification(format_name=format_name, pattern_id=point.pattern.id)
    try:
        checks, unchecked = _check(target, settings, point, files)
    except ExportError as error:
        _record(folder, replace(outcome, different=str(error)))
        raise ExportError(f"{folder}: {error} Export it again.") from None
    outcome = replace(outcome, checks=tuple(checks), unchecked=unchecked)
    _record(folder, outcome)
    return outcome


def _check(
    target: Format, settings: ExportSettings, point: ExportPoint, files: Files
) -> tuple[list[Check], str | None]:
    if point.pattern.id != point.provenance.pattern_id:
        ours, theirs = point.pattern.id, point.provenance.pattern_id
        raise ExportError(f"pattern.json: holds pattern {ours}, but {PROVENANCE_FILE} tells of {theirs}.")
    expected = target.write(point.pattern, point.provenance, settings)
    for name, content in expected.items():
        if name.endswith(".py") and files[name] != content:
            raise ExportError(
                f"{name}: is not what {own_name()} writes for pattern.json and {PROVENANCE_FILE}, so it was not run."
            )
    checks = [_read_by(own_name(), target.prove, files, point.pattern)]
    if not isinstance(target.library, Library):
        return checks, target.library
    try:
        library = import_module(f"nas.export.libraries.{target.library.module}")
    except ImportError as error:
        return checks, f"{target.library.package} cannot be imported ({error})"
    by = f"{target.library.package} {version(target.library.package)}"
    return [*checks, _read_by(by, library.check, files, point.pattern)], None


def _read_by(
    reader: str, check: Callable[[Files, ModelPattern], tuple[str, ...]], files: Files, pattern: ModelPattern
) -> Check:
    """What a reader finds equal.

    Raises:
        ExportError: it finds a difference, or cannot make sense of a file that was changed.
    """
    try:
        return Check(by=reader, compared=check(files, pattern))
    except ExportError:
        raise
    except Exception as error:  # whatever readers raise over files that nas did not write as they are now
        came = " ".join(f"{type(error).__name__}: {error}".split())
        raise ExportError(f"{', '.join(files)}: cannot be read by {reader} ({came}).") from error


def _load(folder: Path) -> tuple[str, ExportSettings, ExportPoint, Files]:
    bundle = _document(folder / BUNDLE_FILE, "Name a folder that nas export wrote.")
    provenance = _document(folder / PROVENANCE_FILE, "Export it again.")
    where = str(folder / BUNDLE_FILE)
    if bundle.get("schema") != SCHEMA:
        raise InputError(f"{where}: schema", f"must be {SCHEMA!r}", bundle.get("schema"))
    format_name = bundle.get("format")
    if format_name not in FORMATS:
        raise unknown(f"{where}: format", str(format_name), FORMATS, "format")
    try:
        settings = ExportSettings(**bundle["settings"])
        names = [str(name) for name in bundle["files"]]
        point = ExportPoint(
            pattern=load_pattern(_plain_file(folder / pattern_file.FILE_NAME)),
            provenance=Provenance.from_dict(provenance),
        )
        check_options(settings, format_name, FORMATS[format_name])
        made = FORMATS[format_name].write(point.pattern, point.provenance, settings)
    except NasError:
        raise
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InputError(str(folder), "must hold what nas export wrote", repr(error), "Export it again.") from None
    if names != list(made):
        raise InputError(f"{where}: files", f"must be {', '.join(made)}", names, "Export it again.")
    files: Files = {}
    for name, content in made.items():
        read = _plain_file(folder / name).read_bytes()
        files[name] = _text(folder / name, read) if isinstance(content, str) else read
    return format_name, settings, point, files


def _document(path: Path, remedy: str) -> dict[str, Any]:
    text = _text(path, _plain_file(path, remedy).read_bytes())
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(str(path), "must hold JSON", str(error), "Export it again.") from None
    if not isinstance(document, dict):
        raise InputError(str(path), "must hold a JSON object", document, "Export it again.")
    return document


def _text(path: Path, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise InputError(str(path), "must be a text in UTF-8", content[:20], "Export it again.") from None


def _plain_file(path: Path, remedy: str = "Export it again.") -> Path:
    """The path, if a file of ordinary size lies there that is no link.

    Raises:
        InputError: there is none.
    """
    try:
        found = os.lstat(path)
    except OSError as error:
        raise InputError(str(path), "must be a readable file", error.strerror, remedy) from None
    if not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST:
        raise InputError(str(path), f"must be a plain file of at most {_LARGEST} bytes", found.st_size, remedy)
    return path


def _record(folder: Path, verified: Verification) -> None:
    write_bundle({verification.FILE_NAME: as_json(verified.to_dict())}, folder, force=True)
