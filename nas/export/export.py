"""From chosen points to files on disk."""

from collections.abc import Sequence
from pathlib import Path

from nas.errors import ExportError, unknown
from nas.export.bundle.contents import bundle_files
from nas.export.bundle.writer import write_bundle
from nas.export.selection.nearest import nearest
from nas.export.selection.point import ExportPoint
from nas.export.settings import ExportSettings
from nas.export.targets.catalog import FORMATS
from nas.export.targets.reading import Files
from nas.export.targets.refusal import Refusal
from nas.export.targets.target import Format


def export_points(
    points: Sequence[ExportPoint],
    format_name: str,
    out: Path,
    *,
    settings: ExportSettings | None = None,
    front: Sequence[ExportPoint] = (),
    force: bool = False,
) -> list[Path]:
    """Write patterns for one target, each read back and compared first; all of them or none.

    Args:
        points: what to export, from `nas.export.selection.choose`.
        format_name: a key of FORMATS.
        out: the output folder; made if missing.
        settings: numbers that some targets need; None for their defaults.
        front: the points from which a refusal names the nearest that the target can say.
        force: replace files of the same names.

    Returns:
        the files written, README.md and the like of each point included.

    Raises:
        InputError: unknown format, or a setting that does not go with it.
        ExportError: the target cannot say a pattern, or a file must not be written.
    """
    if format_name not in FORMATS:
        raise unknown("--format", format_name, FORMATS, "format")
    target, settings = FORMATS[format_name], settings or ExportSettings()
    files: Files = {}
    for point in points:
        prefix = f"{point.subfolder}/" if point.subfolder else ""
        try:
            made = bundle_files(point, format_name, target, settings)
        except Refusal as error:
            advice = _advice(point, front, format_name, target, settings)
            raise ExportError(f"trial {point.provenance.trial}: {error}{advice}") from None
        except ExportError as error:
            raise ExportError(f"trial {point.provenance.trial}: {error} Nothing was written.") from None
        files |= {prefix + name: content for name, content in made.items()}
    return write_bundle(files, out, force=force)


def _advice(
    point: ExportPoint, front: Sequence[ExportPoint], format_name: str, target: Format, settings: ExportSettings
) -> str:
    """The nearest point of the front that the target can say, as a sentence."""
    others = [other for other in front if other.provenance.trial != point.provenance.trial]
    if not front:
        return ""
    found = nearest(point, others, target, settings)
    if found is None:
        return f" No other point of the front can be said by {format_name}."
    other, share = found
    trial = other.provenance.trial
    return f" Nearest on the front that {format_name} can say, {share:.1%} of the pairs different: --trial {trial}."
