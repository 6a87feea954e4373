"""One study from settings to front."""

from collections.abc import Sequence
from contextlib import closing
from typing import Any

import optuna

from nas.errors import StudyError
from nas.results.observer import Observer
from nas.search.driver import Driver, Lanes
from nas.search.executors.choose import choose_cohort_size, choose_devices, make_executor
from nas.search.folder.database import StudyDatabase
from nas.search.folder.settings_document import differences, settings_to_dict
from nas.search.folder.study_folder import StudyFolder, study_path
from nas.search.observers import Observers
from nas.search.problem import make_problem
from nas.search.settings import StudySettings


def run_study(settings: StudySettings, observers: Sequence[Observer] = ()) -> dict[str, Any]:
    """Run a study to its end, or go on with it where it was stopped.

    Args:
        settings: what to search; a study that exists must have been started with the same ones, except
            those of `settings_document.FREE_TO_CHANGE`.
        observers: who watches.

    Returns:
        the content of front.json.

    Raises:
        InputError: a setting is wrong; nothing was written.
        StudyError: another driver is at work, or the study was started with other settings or on other data.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    problem = make_problem(settings)
    devices = choose_devices(settings)
    lanes = Lanes(num_batches=len(devices), cohort_size=choose_cohort_size(settings, devices))
    folder = StudyFolder(study_path(settings.study, settings.runs_folder))
    with folder.locked():
        _adopt(folder, settings, problem.fingerprints)
        folder.forget_out_of_memory()
        database = StudyDatabase(folder.database, folder.path.name, problem.objectives)
        with closing(make_executor(settings, devices)) as executor:
            return Driver(settings, problem, folder, executor, Observers(observers), lanes, database).run()


def _adopt(folder: StudyFolder, settings: StudySettings, fingerprints: dict[str, str]) -> None:
    """Check that a study is resumed with its own settings on its own data, and keep both."""
    document = settings_to_dict(settings)
    before = folder.settings_document()
    if before is None and folder.has_trials():
        raise StudyError(
            f"study: {folder.path} has trials but no config.yaml, so nobody knows what they were made with. "
            "Restore it, or choose another study=NAME."
        )
    changed = differences(before, document) if before is not None else []
    if changed:
        raise StudyError(
            f"study: {folder.path} was started with other settings ({'; '.join(changed)}). "
            "Use them, or choose another study=NAME."
        )
    known = folder.read_fingerprints()
    other = [name for name in fingerprints if known is not None and known.get(name) != fingerprints[name]]
    if other:
        raise StudyError(
            f"study: {folder.path} was started on other data ({', '.join(other)}: files or library versions have "
            "changed since), so its trials would not compare. Put it back, or choose another study=NAME."
        )
    folder.write_fingerprints(fingerprints)
    folder.write_settings(document)
