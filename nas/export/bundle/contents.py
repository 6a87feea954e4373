"""All files of a bundle: those of the target, and what every bundle has."""

import json
from math import prod
from typing import Any

from nas.errors import InputError
from nas.export.bundle import outcome as verification
from nas.export.bundle.outcome import Check, Verification, own_name
from nas.export.bundle.readme import readme
from nas.export.selection.point import ExportPoint
from nas.export.settings import OPTIONS, ExportSettings
from nas.export.targets import pattern_file
from nas.export.targets.reading import Files
from nas.export.targets.target import Format, Library
from nas.patterns.drawing.picture import picture_png

SCHEMA = "nas.bundle/1"
BUNDLE_FILE, PROVENANCE_FILE = "bundle.json", "provenance.json"
_MOST_DRAWN, _DRAWN = 256, 64
"""The picture shows the study's length up to the first of these numbers of tokens; the second if it is unknown."""


def bundle_files(point: ExportPoint, format_name: str, target: Format, settings: ExportSettings) -> Files:
    """The files of one point, read back and compared.

    Args:
        point: what is exported.
        format_name: name of the target.
        target: the target.
        settings: numbers that it may need.

    Raises:
        InputError: a setting that the target does not look at, or one that it needs and lacks.
        Refusal: the target cannot say the pattern.
        ExportError: what was read back means another pattern, which is a defect of this software.
    """
    check_options(settings, format_name, target)
    files = target.write(point.pattern, point.provenance, settings)
    compared = target.prove(files, point.pattern)
    verified = Verification(
        format_name=format_name,
        pattern_id=point.pattern.id,
        checks=(Check(by=own_name(), compared=compared),),
        unchecked=_unchecked(target),
    )
    bundle = {
        "schema": SCHEMA,
        "format": format_name,
        "settings": settings.to_dict(),
        "files": list(files),
        "written_by": own_name(),
    }
    return {
        **files,
        **pattern_file.write(point.pattern, point.provenance, settings),
        "README.md": readme(point.provenance, point.pattern.position, target.usage),
        "picture.png": picture_png(point.pattern, _drawn_tokens(point)),
        PROVENANCE_FILE: as_json(point.provenance.to_dict()),
        BUNDLE_FILE: as_json(bundle),
        verification.FILE_NAME: as_json(verified.to_dict()),
    }


def check_options(settings: ExportSettings, format_name: str, target: Format) -> None:
    """Refuse numbers that the target would ignore.

    Raises:
        InputError: there is one.
    """
    for name, value in settings.given().items():
        if name not in target.options:
            taken = ", ".join(sorted(OPTIONS[option] for option in target.options)) or "none of these options"
            raise InputError(OPTIONS[name], f"must be left out, as {format_name} takes {taken}", value)


def as_json(document: dict[str, Any]) -> str:
    """A document as the text of a file."""
    return json.dumps(document, indent=2) + "\n"


def _unchecked(target: Format) -> str:
    if isinstance(target.library, Library):
        return f"nas verify reads it with {target.library.package}"
    return target.library


def _drawn_tokens(point: ExportPoint) -> int:
    if point.pattern.grid:
        return prod(point.pattern.grid)
    return min(point.provenance.num_tokens or _DRAWN, _MOST_DRAWN)
