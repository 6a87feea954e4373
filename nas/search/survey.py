"""The survey of a study's checkpoint: found in its folder or in a study beside it, or measured and kept there."""

import logging
from collections.abc import Callable
from pathlib import Path

import torch
from msgspec.structs import replace

from nas.errors import StudyError
from nas.pretrained.decoder import Decoder
from nas.pretrained.surveying import go_on, losses
from nas.results.observer import Preparation
from nas.results.own_files import check_own
from nas.results.survey import SURVEY_FILE, Survey, read_survey, write_survey
from nas.search.devices import choose_devices
from nas.search.problem.to_survey import ToSurvey
from nas.search.settings import StudySettings

_LOG = logging.getLogger(__name__)


def survey_checkpoint(
    settings: StudySettings, to_survey: ToSurvey, folder: Path, tell: Callable[[Preparation], None]
) -> Survey:
    """The survey of a study, measured as far as it is not known.

    Args:
        settings: of the study.
        to_survey: what is surveyed.
        folder: of the study, locked by the caller, whose files are its own.
        tell: called before every measurement.

    Raises:
        StudyError: survey.json is damaged, or cannot be written.
    """
    own = _in_folder(folder, to_survey.blank)
    known = own or _beside(folder, to_survey.blank) or to_survey.blank
    if known is not own and known.share_done:
        write_survey(folder, known)
    if known.is_complete:
        return known
    tell(Preparation(what="loading the checkpoint", done=0, total=1, share_done=0.0))
    assert settings.checkpoint is not None, "there is something to survey"
    decoder = Decoder.load(settings.checkpoint, device=choose_devices(settings)[0])
    for step in go_on(known, decoder, to_survey.tasks):
        if step.survey is not known:
            known = step.survey
            write_survey(folder, known)
        if not known.is_complete:
            tell(Preparation(what=step.what, done=step.done, total=step.total, share_done=known.share_done))
    if known.full is not None and known.precision != "float32":
        exact = Decoder.load(settings.checkpoint, device=choose_devices(settings)[0], dtype=torch.float32)
        known = replace(known, full_in_float32=losses(exact, to_survey.tasks, keep=False))
        write_survey(folder, known)
        tell(Preparation(what=_difference(known), done=1, total=1, share_done=1.0))
    return known


def _difference(survey: Survey) -> str:
    """`bfloat16 in place of float32 changes the text's loss by 0.0003 bits per byte`."""
    assert survey.full is not None and survey.full_in_float32 is not None, "both are measured"
    apart = survey.full.text - survey.full_in_float32.text
    return f"{survey.precision} in place of float32 changes the text's loss by {apart:.2g} bits per byte"


def _in_folder(folder: Path, blank: Survey) -> Survey | None:
    """The study's own survey, which keeps its order of heads wherever the study goes on."""
    survey = read_survey(folder)
    if survey is None or survey.is_of(blank):
        return survey
    _LOG.warning("%s is of another checkpoint or of other text, and is made again.", folder / SURVEY_FILE)
    return None


def _beside(folder: Path, blank: Survey) -> Survey | None:
    """The most complete survey of the same checkpoint and text, in the same precision, in the studies beside this."""
    found = []
    for path in sorted(folder.parent.glob(f"*/{SURVEY_FILE}")):
        if path.parent == folder:
            continue
        try:
            check_own(path.parent)
            survey = read_survey(path.parent)
        except StudyError as error:
            _LOG.warning("A survey beside this study is left out. %s", error)
            continue
        if survey is not None and survey.is_of(blank) and survey.precision == blank.precision:
            found.append(survey)
    return max(found, key=lambda survey: survey.share_done, default=None)
