"""Training runs after the search: fresh seeds for the points of the front, and long runs that check the ranking."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import structs

from nas.results.fidelity import FidelityReport
from nas.results.measurement import Measurement
from nas.results.trial import Trial, TrialState
from nas.search.concurrency import Concurrency
from nas.search.estimates import estimates
from nas.search.executors.launcher import Launcher
from nas.search.fidelity.long_runs import LongRuns, Ranking, chosen_for_long_runs
from nas.search.fidelity.report import fidelity_report
from nas.search.fidelity.scale import scale_check
from nas.search.fidelity.worth import evenly
from nas.search.front.front import front_trials
from nas.search.observers import Observers
from nas.search.problem.problem import Problem
from nas.search.records import Records
from nas.search.scoring.scores import confirmed_rungs
from nas.search.settings import FidelitySettings, StudySettings
from nas.search.trial_store import TrialStore

LEARNT_FROM = 3
"""Points of the front that are trained again first, beside full attention, to learn how noisy qualities are."""


def trial_seed(settings: StudySettings, index: int) -> int:
    """Seed of weights and data; index 0 is the search's own. Shared by all trials, so only their patterns differ."""
    return settings.seed * 1000 + index


class FurtherRuns:
    """Trains trials of a finished search further.

    Args:
        settings: of the study.
        problem: what they stand for.
        store: all trials.
        rungs: of the search, in optimiser steps, ascending.
        launcher: has trials trained.
        records: where results are written down.
        observers: called as training progresses.
        concurrency: how many trials are trained as one cohort, and how many cohorts at once.
        larger: has trials trained one size up; None if none are.
    """

    def __init__(
        self,
        settings: StudySettings,
        problem: Problem,
        store: TrialStore,
        rungs: Sequence[int],
        launcher: Launcher,
        records: Records,
        observers: Observers,
        concurrency: Concurrency,
        larger: Launcher | None,
    ) -> None:
        self._settings, self._problem, self._store, self._rungs = settings, problem, store, tuple(rungs)
        self._launcher, self._records, self._observers = launcher, records, observers
        self._concurrency, self._larger = concurrency, larger

    def confirm(self) -> None:
        """Train the points of the front and full attention with further seeds, until every one has them all.

        The first measurements selected the points, so they are biased upwards; fresh seeds are not. The new means move
        the front, so there can be several rounds. Full attention is what all others are read against; nothing selected
        the other baselines, so what they have is unbiased.

        The first round is of a few points across the front: what they say of the noise makes estimates of all, and
        points that were lucky leave the front before they are trained again.
        """
        while lacking := self._unconfirmed():
            self._observers.confirmation_started(sum(map(len, lacking.values())))
            for rung in confirmed_rungs(self._problem.scores, self._rungs):  # a run goes on from the rung below
                for trial in self._train([(numbers, rung, seed) for seed, numbers in lacking.items()]):
                    if rung == self._rungs[-1]:
                        self._observers.trial_confirmed(trial)

    def judge(self, ranking: Ranking, chances: Mapping[int, float]) -> FidelityReport | None:
        """Train a few trials longer and check whether the ranking holds; None if that is switched off.

        Args:
            ranking: where the study puts every trained trial.
            chances: probabilities of being on the front, by trial.
        """
        settings: FidelitySettings = self._settings.fidelity
        if settings.num_patterns == 0:
            return None
        quality = next(goal for goal in self._problem.objectives if goal.scores)
        chosen = chosen_for_long_runs(self._store.trials, ranking, quality, settings.num_patterns)
        runs = LongRuns(
            numbers=[trial.number for trial in chosen],
            rung=settings.times * self._rungs[-1],
            seeds=[trial_seed(self._settings, index) for index in range(settings.num_seeds)],
        )
        self._observers.long_runs_started(len(runs.numbers) * len(runs.seeds))
        for trial in self._train([(runs.numbers, runs.rung, seed) for seed in runs.seeds]):
            self._observers.trial_confirmed(trial)
        return structs.replace(
            fidelity_report(
                self._store, self._problem, self._settings.training, self._rungs, ranking, self._front(), chances, runs
            ),
            larger=scale_check(self._store, self._problem, ranking, self._one_size_up(chosen, runs.rung), runs.rung),
        )

    def _one_size_up(self, trials: Sequence[Trial], rung: int) -> Mapping[int, Sequence[Measurement]]:
        """Measurements of trials in the larger model, trained as long as the long runs; none without one.

        As long as the search they would agree with it in any case: what size changes shows only with training
        (docs/transfer.md).
        """
        if self._larger is None:
            return {}
        self._observers.larger_runs_started(len(trials))
        launches = [
            self._larger.launch(cohort, rung, trial_seed(self._settings, 0))
            for cohort in self._cohorts([trial.number for trial in trials])
        ]
        found: dict[int, Sequence[Measurement]] = {}
        for launch in launches:
            for number, measurements in self._larger.wait(launch).items():
                found[number] = measurements
                self._observers.larger_run_ended(self._store[number], measurements)
        return found

    def _unconfirmed(self) -> dict[int, list[int]]:
        """Numbers of the points of the front and of full attention that lack a seed, by seed."""
        trained = (TrialState.FINISHED, TrialState.OVER_BUDGET)
        full = [trial for trial in self._store.trials if trial.baseline == "full" and trial.state in trained]
        front = self._front()
        if not any(len({one.seed for one in trial.measurements}) > 1 for trial in self._store.trials):
            front = evenly(front, LEARNT_FROM)
        chosen = {trial.number for trial in [*front, *full]}
        lacking: dict[int, list[int]] = {}
        for seed in (trial_seed(self._settings, index) for index in range(1, self._settings.confirm_seeds + 1)):
            for number in sorted(chosen):
                if seed not in {measurement.seed for measurement in self._store[number].measurements}:
                    lacking.setdefault(seed, []).append(number)
        return lacking

    def _front(self) -> list[Trial]:
        """The points of the front by what is known now."""
        return front_trials(self._store.trials, self._problem, estimates(self._store.trials, self._problem))

    def _train(self, wanted: Sequence[tuple[Sequence[int], int, int]]) -> Iterator[Trial]:
        """Train trials to a rung with a seed, all at once: (numbers, rung, seed) each; every one as it ends."""
        launches = [
            self._launcher.launch(trials, rung, seed)
            for numbers, rung, seed in wanted
            for trials in self._cohorts(numbers)
        ]
        for launch in launches:
            for number, measurements in self._launcher.wait(launch).items():
                trial = self._store.add_measurements(number, measurements)
                self._records.keep(trial)
                yield trial

    def _cohorts(self, numbers: Sequence[int]) -> Iterator[list[Trial]]:
        """As few cohorts as keep every worker busy, of nearly equal sizes."""
        rest, num_workers = list(numbers), self._concurrency.num_workers
        while rest:
            size = self._concurrency.share(len(rest), num_workers)
            yield [self._store[number] for number in rest[:size]]
            del rest[:size]
