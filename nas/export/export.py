"""Exporting chosen points: from patterns to files on disk."""

from collections.abc import Sequence
from pathlib import Path

from nas.errors import ExportError, unknown
from nas.export.bundle.contents import bundle_files
from nas.export.bundle.writer import write_bundle
from nas.export.contract.export_format import Files, Format
from nas.export.contract.heads import Refusal
from nas.export.contract.served_model import ServedModel
from nas.export.formats import FORMATS
from nas.export.selection.nearest import nearest
from nas.export.selection.point import ExportPoint
from nas.patterns.primitives import Full
from nas.results.bundle import ExportSettings


def export_points(
    points: Sequence[ExportPoint],
    format_name: str,
    out: Path,
    *,
    settings: ExportSettings | None = None,
    front: Sequence[ExportPoint] = (),
    model: ServedModel | None = None,
    force: bool = False,
) -> list[Path]:
    """Write patterns in one format, each read back and compared first; all of them or none.

    Args:
        points: what to export, from `choose_best`, `choose_trial` or `whole_front`.
        format_name: a key of FORMATS.
        out: the output folder; made if missing.
        settings: numbers that some formats need; None for their defaults.
        front: the points from which a refusal names the nearest that the format can represent.
        model: the model that the files are for; None to check nothing of it.
        force: replace files of the same names.

    Returns:
        the files written, README.md and the like of each point included.

    Raises:
        InputError: the format is unknown, or does not take a setting, or the model does not fit.
        ExportError: the format cannot represent a pattern, or a file must not be written.
    """
    if format_name not in FORMATS:
        raise unknown("--format", format_name, FORMATS, "format")
    export_format, settings = FORMATS[format_name], settings or ExportSettings()
    files: Files = {}
    for point in points:
        if model is not None:
            model.check(point.pattern, export_format)
        prefix = f"{point.subfolder}/" if point.subfolder else ""
        try:
            made = bundle_files(point, export_format, settings)
        except Refusal as error:
            advice = _advice(point, front, export_format, settings)
            raise ExportError(f"trial {point.provenance.trial}: {error}{advice}") from None
        except ExportError as error:
            raise ExportError(f"trial {point.provenance.trial}: {error} Nothing was written.") from None
        files |= {prefix + name: content for name, content in made.items()}
    return write_bundle(files, out, force=force)


def _advice(point: ExportPoint, front: Sequence[ExportPoint], export_format: Format, settings: ExportSettings) -> str:
    """What to do about a refusal, in sentences: how to search, and which point of the front is the nearest."""
    name, search = export_format.name, ""
    if export_format.rules is not None and point.pattern.causal:
        search = f" Or search with deployable_by={name}, for a front that it can represent."
    if not front:
        return search
    others = [other for other in front if other.provenance.trial != point.provenance.trial]
    found = nearest(point, others, export_format, settings)
    if found is None:
        return f"{search} {name} can represent no other point of the front."
    other, share = found
    trial = f"{_full(other)}--trial {other.provenance.trial} ({share:.1%} of the pairs differ)"
    return f"{search} The nearest point of the front that {name} can represent is {trial}."


def _full(point: ExportPoint) -> str:
    """A word in front of full attention, which is in most fronts and saves nothing."""
    unions = {group.attend for layer in point.pattern.canonical().layers for group in layer.heads}
    return "full attention, " if unions == {(Full(),)} else ""
