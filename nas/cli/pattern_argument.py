"""PATTERN on the command line: a file, or a trial of a study."""

from pathlib import Path

from nas.errors import InputError, StudyError
from nas.patterns.file import load_pattern
from nas.patterns.model import ModelPattern
from nas.search.folder import StudyFolder


def read_pattern(text: str) -> ModelPattern:
    """The pattern that the argument names.

    Raises:
        NasError: no such file, study or trial, or the trial has no pattern.
    """
    study, mark, number = text.rpartition("#")
    if not mark or Path(text).exists():
        return load_pattern(text)
    if not (number.isascii() and number.isdecimal()):
        raise InputError("PATTERN", "must be a file or STUDY#TRIAL with the number of a trial", text)
    folder = StudyFolder.existing(study)
    trial = folder.trial(int(number))
    if trial.pattern is None:
        raise StudyError(f"PATTERN: trial {number} of {folder.path} has no pattern ({trial.reason}).")
    return trial.pattern
