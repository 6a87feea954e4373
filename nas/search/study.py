"""One study from settings to front."""

import logging
from collections.abc import Sequence
from contextlib import closing

import optuna
import torch

from nas.errors import StudyError
from nas.profiling.conditions import check_profilable, profile_conditions
from nas.redact import redact
from nas.results.front import Front
from nas.results.identity import keep_identity
from nas.results.lock import locked
from nas.results.measurement import precision_in
from nas.results.objective import Objective
from nas.results.observer import READING, Observer
from nas.results.own_files import check_own, kept_names
from nas.results.profile import ProfileConditions
from nas.results.study import settings_differences, study_path
from nas.search.concurrency import choose_concurrency
from nas.search.database_url import find_database
from nas.search.devices import choose_devices
from nas.search.driver import Driver
from nas.search.executor_settings import LocalSettings
from nas.search.executors.choose import make_executor, make_setup, num_threads
from nas.search.executors.trainer import environment
from nas.search.observers import Observers
from nas.search.problem.problem import Problem, make_problem, with_survey
from nas.search.samplers.catalog import SAMPLERS
from nas.search.settings import StudySettings
from nas.search.storage.follower import follow
from nas.search.storage.study_folder import StudyFolder
from nas.search.survey import survey_checkpoint

_LOG = logging.getLogger(__name__)


def run_study(settings: StudySettings, observers: Sequence[Observer] = ()) -> Front:
    """Run a study to its end, resuming it where it was stopped.

    Args:
        settings: what to search; a study that exists must have been started with the same settings, except those of
            `nas.results.study.FREE_TO_CHANGE`.
        observers: called as the study progresses.

    Returns:
        the front, as in front.json.

    Raises:
        InputError: a setting is wrong; nothing was written.
        StudyError: another driver is running or took over, or the study was started with other settings or on other
            data.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    told = Observers(observers)
    url = find_database(settings.storage)
    if settings.checkpoint is not None:
        told.preparation_progressed(READING)
    problem = make_problem(settings)
    devices = choose_devices(settings)
    concurrency = choose_concurrency(settings, devices)
    profiling = _profiling(settings, problem, devices)
    path = study_path(settings.study, settings.runs_folder)
    with locked(path) as lease:
        folder = StudyFolder(path, lease.check)
        check_own(path)
        _adopt(folder, settings, problem)
        folder.remove_unfinished()
        folder.forget_failures()
        if to_survey := problem.backbone.to_survey:
            survey = survey_checkpoint(settings, to_survey, folder.path, told.preparation_progressed)
            problem = with_survey(problem, survey)
        torch.cuda.empty_cache()  # workers load the checkpoint that was inspected here; does nothing without a GPU
        _check_num_trials(folder, settings, problem)
        follower = follow(folder, keep_identity(folder, _axes(problem)), url)
        setup = make_setup(settings, problem)
        if isinstance(settings.executor, LocalSettings):  # a cluster's machines are known by what they send
            _warn_of_mixture(folder, environment(setup, devices[0], num_threads(settings, devices)))
        with closing(follower), closing(make_executor(settings, setup, devices, folder.path)) as executor:
            driver = Driver(
                settings,
                problem,
                SAMPLERS[settings.sampler],
                folder,
                executor,
                Observers([told, follower]),
                concurrency,
                profiling,
            )
            return driver.run()


def _axes(problem: Problem) -> tuple[Objective, ...]:
    return tuple(goal.objective for goal in problem.objectives)


def _profiling(settings: StudySettings, problem: Problem, devices: Sequence[str]) -> ProfileConditions | None:
    """What patterns are measured under on this machine; None if nothing is measured on the device.

    Raises:
        InputError: it cannot be measured here.
    """
    if not settings.profiles:
        return None
    conditions = profile_conditions(problem.target, problem.target.phase, devices[0], num_threads(settings, devices))
    check_profilable(conditions, devices[0], causal=problem.shape.causal)
    return conditions


def _warn_of_mixture(folder: StudyFolder, present: str) -> None:
    """Say that a study goes on elsewhere than it was started: trials may differ for that reason alone."""
    known = {one.environment for trial in folder.trials() for one in trial.measurements if one.environment}
    if known - {present}:
        alike = {precision_in(one) for one in known} == {precision_in(present)}
        _LOG.warning(
            "%s was measured so far with %s; it goes on with %s. %s, and the front will say so.",
            folder.path,
            "; ".join(sorted(known - {present})),
            present,
            "That alone may change the last digits of a score"
            if alike
            else "Another precision alone may change the ranking. Training runs begun in it start again",
        )


def _adopt(folder: StudyFolder, settings: StudySettings, problem: Problem) -> None:
    """Check that a study is resumed with its own settings on its own data, and write both down."""
    document = settings.to_document()
    before = folder.settings_document()
    if before is None and (found := kept_names(folder.path)):
        raise StudyError(
            f"study: {folder.path} has {', '.join(found)} but no config.yaml. Restore it, if they are of a study; if "
            "not, one there would write over them: choose another study=NAME."
        )
    # Redacted again, as an earlier release may have written it, or the environment may hold another secret by now.
    changed = settings_differences(redact(before), document) if before is not None else []
    if changed:
        raise StudyError(
            f"study: {folder.path} was started with other settings ({'; '.join(changed)}). "
            "Use them, or choose another study=NAME."
        )
    fingerprints, known = problem.fingerprints, folder.read_fingerprints()
    other = [name for name in fingerprints if known is not None and known.get(name) != fingerprints[name]]
    if other:
        raise StudyError(
            f"study: {folder.path} was started on other data ({', '.join(other)}: files or library versions have "
            "changed since), so its trials would not compare. Put it back, or choose another study=NAME."
        )
    folder.write_settings(document)  # first: what is there without it is not a study's
    folder.write_fingerprints(fingerprints)


def _check_num_trials(folder: StudyFolder, settings: StudySettings, problem: Problem) -> None:
    """Refuse a resumed study fewer trials than it has: a survey decides how many of them are baselines."""
    num_sampled = folder.num_proposals() - len(problem.baselines)
    if num_sampled > settings.num_trials:
        raise StudyError(
            f"num_trials: must be at least {num_sampled}, which {folder.path} has sampled, got {settings.num_trials}."
        )
