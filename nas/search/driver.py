"""The driver: asks, has trials trained from rung to rung, tells. It alone writes the study folder.

One loop serves fresh and resumed studies alike: what the folder already knows is read instead of asked or trained. Who
is free next is decided by a clock that counts steps (`clock.py`), so what a sampler and halving see does not depend
on which worker happens to be quick.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from threadpoolctl import threadpool_limits

from nas.errors import PatternError
from nas.evaluation.settings import study_rungs
from nas.proxy.training.schedule import branch_start
from nas.results.observer import StudyInfo
from nas.results.trial import Trial, TrialState
from nas.search.executors.jobs import Executor
from nas.search.executors.launcher import Launch, Launcher
from nas.search.fidelity.report import Ranking, chosen_for_long_runs, fidelity_report, study_ranking
from nas.search.folder.database import StudyDatabase
from nas.search.folder.study_folder import StudyFolder
from nas.search.front import front_trials, make_front
from nas.search.history import History
from nas.search.observers import Observers
from nas.search.problem import Problem
from nas.search.samplers.asking import Asker, Suggestion, TrialSuggester, suggestion_of
from nas.search.samplers.proposal import Proposal
from nas.search.scheduler.forecast import Forecaster
from nas.search.scheduler.scheduler import Scheduler
from nas.search.settings import StudySettings
from nas.search.trial_store import TrialStore
from nas.search.virtual_clock import VirtualClock


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """How much is under way at once.

    Args:
        num_batches: batches in flight, one a worker.
        cohort_size: trials in a batch, trained as one cohort on each task.
    """

    num_batches: int
    cohort_size: int


class Driver:
    """Runs one study to its end.

    Args:
        settings: what was asked for.
        problem: what that stands for.
        folder: where everything is kept; locked by the caller.
        executor: where jobs run; closed by the caller.
        observers: who watches.
        lanes: how much is under way at once.
        database: follows the folder, for dashboards; None for nobody.
    """

    def __init__(
        self,
        settings: StudySettings,
        problem: Problem,
        folder: StudyFolder,
        executor: Executor,
        observers: Observers,
        lanes: Lanes,
        database: StudyDatabase | None,
    ) -> None:
        self._settings, self._problem, self._folder = settings, problem, folder
        self._observers, self._lanes = observers, lanes
        self._rungs = study_rungs(settings.evaluation, settings.training)
        self._store = TrialStore(problem, settings.constraints, self._rungs)
        self._forecaster = Forecaster(problem, self._store, self._rungs)
        self._scheduler = Scheduler(problem, self._store, self._rungs, settings.training.rung_ratio, self._forecaster)
        self._history = History(problem, self._store, self._rungs, self._forecaster)
        self._asker = Asker(
            settings.sampler, settings.seed, [goal.direction for goal in problem.objectives], self._history.view
        )
        self._launcher = Launcher(
            folder, executor, list(problem.tasks), settings.training.learning_rate, observers.training_progressed
        )
        self._database = database
        self._num_trials = len(problem.baselines) + settings.num_trials
        self._num_in_database = 0
        self._known: set[int] = set()
        self._concluded: set[int] = set()
        self._written: dict[int, Trial] = {}

    def run(self) -> dict[str, Any]:
        """Search, confirm the front, judge the ranking, write it; the content of front.json.

        Models of a few dozen trials take far longer with several threads than with one while workers use the cores.
        Torch keeps its threads where the driver is the only worker and trains with them.
        """
        with threadpool_limits(1, user_api="blas" if self._lanes.num_batches == 1 else None):
            return self._run()

    def _run(self) -> dict[str, Any]:
        known = [trial for trial in self._folder.trials() if self._folder.has_front() or _is_final(trial)]
        self._known = {trial.number for trial in known}
        self._observers.study_started(
            StudyInfo(
                name=self._folder.path.name,
                folder=self._folder.path,
                settings=self._settings,
                objectives=tuple(objective.to_dict() for objective in self._problem.objectives),
                scores=tuple(score.to_dict() for score in self._problem.scores),
                num_trials=self._num_trials,
            ),
            tuple(known),
        )
        self._search()
        self._confirm()
        fidelity = self._judge()
        for trial in self._store.trials:
            self._keep(trial)
        front = make_front(self._settings, self._problem, self._store.trials, fidelity)
        self._folder.write_front(front)
        self._folder.forget_checkpoints()
        self._observers.study_finished(tuple(self._store.trials), front)
        return front

    @property
    def trials(self) -> Sequence[Trial]:
        """All trials so far."""
        return self._store.trials

    def forecast_front(self) -> list[Trial]:
        """The trials that would be chosen if the search ended now, however far they were trained."""
        return self._scheduler.front()

    def ranking(self) -> Ranking:
        """Where the study puts every trained trial at the last rung, measured or forecast."""
        return study_ranking(self._store, self._problem, self._forecaster)

    def _search(self) -> None:
        for name, pattern in self._problem.baselines.items():
            self._enter(Proposal(Suggestion(), pattern, baseline=name))
        clock: VirtualClock[Launch] = VirtualClock(self._lanes.num_batches)
        while True:
            while clock.has_room and (launch := self._next_launch()) is not None:
                clock.start(launch, self._steps(launch))
            if clock.is_idle:
                break
            self._settle(clock.next_end())
        for trial in self._store.trials:
            self._conclude(trial)

    def _next_launch(self) -> Launch | None:
        """What a free lane does: take baselines to the end, go on with the best, or begin something new.

        When all has been asked, whoever is forecast to stand on the front is trained to the end.
        """
        scheduler, all_asked = self._scheduler, len(self._store.trials) == self._num_trials
        trials = (
            scheduler.next_baselines()
            or scheduler.next_promoted(more_to_come=not all_asked)
            or self._ask()
            or scheduler.next_finalists()
        )
        if not trials:
            return None
        trials = trials[: self._lanes.cohort_size]
        scheduler.started(trials)
        return self._launcher.launch(trials, scheduler.rung_after(trials[0]), self._seed(0))

    def _ask(self) -> list[Trial]:
        """New trials that have to be trained, enough for a lane, unless all have been asked."""
        first = len(self._problem.baselines)
        while len(self._scheduler.newcomers()) < self._lanes.cohort_size:
            if len(self._store.trials) == self._num_trials:
                break
            known = self._folder.read_proposal(len(self._store.trials))
            self._enter(known or self._sample(first))
        return self._scheduler.newcomers()

    def _sample(self, first: int) -> Proposal:
        history = self._history.all()
        trial = self._asker.ask(history[first:], history[:first])
        suggester = TrialSuggester(trial)
        try:
            pattern = self._problem.sample(suggester)
        except PatternError as error:
            return Proposal(suggestion_of(trial), None, suggester.chosen, str(error))
        return Proposal(suggestion_of(trial), pattern, suggester.chosen)

    def _enter(self, proposal: Proposal) -> None:
        number = len(self._store.trials)
        if self._folder.read_proposal(number) is None:
            self._folder.write_proposal(number, proposal)
        trial = self._store.enter(proposal)
        if trial.state is not TrialState.RUNNING:
            self._conclude(trial)

    def _settle(self, launch: Launch) -> None:
        """Write down what came of a launch."""
        measured = self._launcher.wait(launch)
        self._scheduler.ended(launch.trials)
        for number, measurements in measured.items():
            trial = self._store.advance(number, launch.rung, measurements)
            if trial.state is not TrialState.STOPPED:
                self._conclude(trial)
                continue
            self._keep(trial)
            if launch.jobs:
                self._observers.trial_advanced(trial)

    def _conclude(self, trial: Trial) -> None:
        """A trial goes no further, as far as the search is concerned."""
        if trial.number in self._concluded:
            return
        self._concluded.add(trial.number)
        self._keep(trial)
        if trial.number not in self._known:
            self._observers.trial_finished(trial)
        while self._database and self._num_in_database in self._concluded:  # in the order of their numbers
            self._database.append(self._num_in_database, self._history.frozen(self._num_in_database))
            self._num_in_database += 1

    def _keep(self, trial: Trial) -> None:
        """Write what is known of a trial, unless it stands there."""
        if self._written.get(trial.number) != trial:
            self._folder.write_trial(trial)
            self._written[trial.number] = trial

    def _confirm(self) -> None:
        """Train every point of the front, and the baselines, with further seeds until none lacks any.

        The first measurements chose these points, so they look better than they are; fresh seeds do
        not. Means move the front, so there can be several rounds.
        """
        while lacking := self._unconfirmed():
            self._observers.confirmation_started(sum(map(len, lacking.values())))
            self._train_further([(numbers, self._rungs[-1], seed) for seed, numbers in lacking.items()])

    def _unconfirmed(self) -> dict[int, list[int]]:
        """Trials of the front and baselines that lack a seed, by seed."""
        trained = (TrialState.FINISHED, TrialState.OVER_BUDGET)
        baselines = [trial for trial in self._store.trials if trial.baseline and trial.state in trained]
        chosen = {trial.number for trial in [*front_trials(self._store.trials, self._problem.objectives), *baselines]}
        lacking: dict[int, list[int]] = {}
        for seed in (self._seed(index) for index in range(1, self._settings.confirm_seeds + 1)):
            for number in sorted(chosen):
                if seed not in {measurement.seed for measurement in self._store[number].measurements}:
                    lacking.setdefault(seed, []).append(number)
        return lacking

    def _judge(self) -> dict[str, Any] | None:
        """Train a few trials longer and see whether the ranking holds; None if that is switched off."""
        settings = self._settings.fidelity
        if settings.num_patterns == 0:
            return None
        rung = settings.times * self._rungs[-1]
        quality = next(goal for goal in self._problem.objectives if goal.scores)
        ranking = self.ranking()
        runs = chosen_for_long_runs(self._store.trials, ranking, quality, settings.num_patterns)
        chosen = [trial.number for trial in runs]
        seeds = [self._seed(index) for index in range(settings.num_seeds)]
        self._observers.judging_started(len(chosen) * len(seeds))
        self._train_further([(chosen, rung, seed) for seed in seeds])
        return fidelity_report(self._store, self._problem, ranking, self._rungs, rung, chosen, seeds)

    def _train_further(self, wanted: Sequence[tuple[Sequence[int], int, int]]) -> None:
        """Take trials to a rung with a seed, all at once: (numbers, rung, seed) each."""
        launches = [
            self._launcher.launch(trials, rung, seed)
            for numbers, rung, seed in wanted
            for trials in self._cohorts(numbers)
        ]
        for launch in launches:
            for number, measurements in self._launcher.wait(launch).items():
                trial = self._store.add_measurements(number, measurements)
                self._keep(trial)
                self._observers.trial_confirmed(trial)

    def _cohorts(self, numbers: Sequence[int]) -> Iterator[list[Trial]]:
        size = self._lanes.cohort_size
        for start in range(0, len(numbers), size):
            yield [self._store[number] for number in numbers[start : start + size]]

    def _steps(self, launch: Launch) -> int:
        """How long a launch takes by the clock: what its trials have not been trained yet, on every task."""
        before = self._store[launch.trials[0]].step
        trunk = branch_start(before, self._settings.training) if before else 0
        return (launch.rung - trunk) * len(self._problem.tasks)

    def _seed(self, index: int) -> int:
        """Seed of a trial's weights and data; the same for all trials, so that they differ by pattern alone."""
        return self._settings.seed * 1000 + index


def _is_final(trial: Trial) -> bool:
    """Whether the search will not train a trial further."""
    return trial.state not in (TrialState.RUNNING, TrialState.STOPPED)
