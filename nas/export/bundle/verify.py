"""Verifying a bundle: its files are compared with its pattern, with the format's own library where it is installed."""

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from msgspec.structs import replace

from nas.errors import ExportError
from nas.export.bundle.contents import PROVENANCE_FILE, as_json
from nas.export.bundle.loading import LoadedBundle, load_bundle
from nas.export.bundle.writer import write_bundle
from nas.export.contract.export_format import Files, Library
from nas.export.formats import pattern_file
from nas.patterns.model import ModelPattern
from nas.results.bundle import VERIFICATION_FILE, Check, Verification, own_name


def verify_bundle(folder: Path) -> Verification:
    """Compare the files of a bundle with its pattern, and record the outcome in the bundle.

    A module in the bundle is run only if it is, byte for byte, what `nas` writes for the pattern next to it;
    everything else is data and is parsed.

    Args:
        folder: where `nas export` wrote it.

    Returns:
        what was compared and found equal, as recorded.

    Raises:
        InputError: there is no such bundle, or it is damaged; nothing is recorded.
        StudyError: another version of nas wrote it; nothing is recorded.
        ExportError: the files do not describe the pattern; this is recorded in the bundle.
    """
    bundle = load_bundle(folder)
    outcome = Verification(format=bundle.format.name, pattern_id=bundle.pattern.id)
    try:
        checks, unchecked = _check(bundle)
    except ExportError as error:
        _record(folder, replace(outcome, outcome="different", different=str(error)))
        raise ExportError(f"{folder}: {error} Export it again.") from None
    outcome = replace(outcome, checks=tuple(checks), unchecked=unchecked)
    _record(folder, outcome)
    return outcome


def _check(bundle: LoadedBundle) -> tuple[list[Check], str | None]:
    """The checks that passed, and why the format's library did not read the files (None if it did)."""
    _require_own_files(bundle)
    checks = [_read_by(own_name(), bundle.format.check, bundle.files, bundle.pattern)]
    library = bundle.format.library
    if not isinstance(library, Library):
        return checks, library
    try:
        reader = import_module(f"nas.export.libraries.{library.module}")
    except ImportError as error:
        return checks, f"{library.package} cannot be imported ({error})"
    by = f"{library.package} {version(library.package)}"
    return [*checks, _read_by(by, reader.check, bundle.files, bundle.pattern)], None


def _require_own_files(bundle: LoadedBundle) -> None:
    """Refuse a pattern that the provenance does not name, and modules that nas did not write."""
    ours, theirs = bundle.pattern.id, bundle.provenance.pattern_id
    if ours != theirs:
        raise ExportError(f"{pattern_file.FILE_NAME}: holds pattern {ours}, but {PROVENANCE_FILE} names {theirs}.")
    for name, content in bundle.expected.items():
        if name.endswith(".py") and bundle.files[name] != content:
            sources = f"{pattern_file.FILE_NAME} and {PROVENANCE_FILE}"
            raise ExportError(f"{name}: is not what {own_name()} writes for {sources}, so it was not run.")


def _read_by(
    reader: str, check: Callable[[Files, ModelPattern], tuple[str, ...]], files: Files, pattern: ModelPattern
) -> Check:
    """The check by one reader.

    Raises:
        ExportError: it finds a difference, or cannot read a file that was changed.
    """
    try:
        return Check(by=reader, compared=check(files, pattern))
    except (ExportError, MemoryError):
        raise
    except Exception as error:  # a reader may raise anything on a file that was changed
        came = f"{type(error).__name__}: {error}"
        raise ExportError(f"{', '.join(files)}: cannot be read by {reader} ({came}).") from error


def _record(folder: Path, verification: Verification) -> None:
    write_bundle({VERIFICATION_FILE: as_json(verification)}, folder, force=True)
