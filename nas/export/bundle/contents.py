"""The content of a bundle: the files of the format, and those that every bundle has."""

import json
from math import prod
from typing import Any

from nas.export.bundle.readme import readme
from nas.export.contract.export_format import Files, Format, Library
from nas.export.formats import pattern_file
from nas.export.selection.point import ExportPoint
from nas.results.bundle import BUNDLE_FILE, VERIFICATION_FILE, Bundle, Check, ExportSettings, Verification, own_name
from nas.results.codec import Value, to_document

PROVENANCE_FILE = "provenance.json"
_MOST_DRAWN = 2**15
"""Longest sequence in the picture, in tokens; a shorter one is drawn at the study's length."""


def bundle_files(point: ExportPoint, export_format: Format, settings: ExportSettings) -> Files:
    """The files of one point, read back and compared.

    Args:
        point: the pattern to export.
        export_format: the format to write.
        settings: numbers that the format may need.

    Raises:
        InputError: the format would ignore a setting, or cannot use its value.
        Refusal: the format cannot represent the pattern.
        ExportError: the format cannot use the pattern in the study's phase; or what was read back describes another
            pattern, which is a bug in nas.
    """
    export_format.check_options(settings)
    export_format.check_phase(point.provenance.phase)
    files = export_format.write(point.pattern, point.provenance, settings)
    compared = export_format.check(files, point.pattern)
    verification = Verification(
        format=export_format.name,
        pattern_id=point.pattern.id,
        checks=(Check(by=own_name(), compared=compared),),
        unchecked=_unchecked(export_format),
    )
    bundle = Bundle(format=export_format.name, settings=settings, files=tuple(files), written_by=own_name())
    usage = export_format.usage + export_format.further_usage(point.pattern, point.provenance.phase)
    return {
        **files,
        **pattern_file.write(point.pattern, point.provenance, settings),
        "README.md": readme(point.provenance, point.pattern, usage),
        "picture.png": _picture(point),
        PROVENANCE_FILE: _text(point.provenance.to_dict()),
        VERIFICATION_FILE: as_json(verification),
        BUNDLE_FILE: as_json(bundle),  # last: without it the other files are no bundle
    }


def as_json(value: Value) -> str:
    """A value as the text of a file."""
    return _text(to_document(value))


def _text(document: Any) -> str:
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def _unchecked(export_format: Format) -> str:
    if isinstance(export_format.library, Library):
        return f"nas verify reads it with {export_format.library.package}"
    return export_format.library


def _picture(point: ExportPoint) -> bytes:
    from nas.patterns.drawing.picture import picture_png  # imports matplotlib, which takes half a second

    if point.pattern.grid:
        return picture_png(point.pattern, prod(point.pattern.grid))
    return picture_png(point.pattern, min(point.provenance.made_with.pattern_tokens, _MOST_DRAWN))
