"""The driver: the sampler proposes, the scheduler promotes, workers train. It alone writes the study folder.

One loop serves fresh and resumed studies alike: results in the folder are read instead of proposed or trained again.
Which worker is free next is decided by a clock that counts steps (`virtual_clock.py`), so that what the sampler and the
scheduler see does not depend on which worker happens to be fast.
"""

from collections.abc import Sequence

from threadpoolctl import threadpool_limits

from nas.errors import StudyError
from nas.proxy.training.schedule import branch_start
from nas.results.front import Front
from nas.results.profile import Profile, ProfileConditions
from nas.results.proposal import Proposal
from nas.results.trial import Trial, TrialState
from nas.search.concurrency import Concurrency
from nas.search.executors.choose import make_setup
from nas.search.executors.jobs import Executor
from nas.search.executors.launcher import Launch, Launcher
from nas.search.fidelity.long_runs import Ranking, study_ranking
from nas.search.fidelity.reordering import reorderings
from nas.search.front.chances import front_chances
from nas.search.front.front import make_front
from nas.search.further_runs import FurtherRuns, trial_seed
from nas.search.garbage import collected_seldom
from nas.search.observers import Observers, study_info, study_plan
from nas.search.problem.problem import Problem
from nas.search.proposer import Proposer
from nas.search.records import Records
from nas.search.samplers.ask import Asker
from nas.search.samplers.ask_context import MakeSampler
from nas.search.samplers.history import History
from nas.search.scheduler.decisions import Decisions
from nas.search.scheduler.forecast import Forecaster
from nas.search.scheduler.scheduler import Scheduler
from nas.search.settings import StudySettings
from nas.search.storage.protocol import StudyStorage
from nas.search.trial_store import TrialStore
from nas.search.virtual_clock import VirtualClock

MOST_FAILURES = 6
"""A study stops when so many trials have failed before one was measured."""


class Driver:
    """Runs one study to its end.

    Args:
        settings: of the study.
        problem: what they stand for.
        make_sampler: makes the sampler of one ask.
        storage: where everything is kept; locked by the caller.
        executor: where jobs run; closed by the caller.
        observers: called as the study progresses.
        concurrency: how much runs at once.
        profiling: what patterns are measured under on the device before they are trained; None if they are not.
    """

    def __init__(
        self,
        settings: StudySettings,
        problem: Problem,
        make_sampler: MakeSampler,
        storage: StudyStorage,
        executor: Executor,
        observers: Observers,
        concurrency: Concurrency,
        profiling: ProfileConditions | None = None,
    ) -> None:
        self._settings, self._problem, self._storage = settings, problem, storage
        self._observers, self._concurrency = observers, concurrency
        self._rungs = settings.evaluation.rungs(settings.training)
        self._store = TrialStore(problem, settings.constraints, self._rungs)
        self._forecaster = Forecaster(problem, self._store, self._rungs)
        ratio = settings.training.rung_ratio
        self._decisions = Decisions(storage.decisions)
        self._scheduler = Scheduler(problem, self._store, self._rungs, ratio, self._forecaster, self._decisions)
        self._history = History(problem, self._store, self._rungs, self._forecaster)
        directions = [goal.direction for goal in problem.objectives]
        asker = Asker(make_sampler, settings.seed, directions, self._history.view)
        self._proposer = Proposer(problem, storage, asker)
        setup, rate = make_setup(settings, problem), settings.training.learning_rate
        conditions = {task: setup.conditions(task) for task in problem.tasks}
        self._profiling = profiling
        self._launcher = Launcher(storage, executor, conditions, rate, observers.training_progressed, profiling)
        self._larger = (
            Launcher(
                storage,
                executor,
                {task: setup.conditions(task) for task in problem.larger.tasks},
                rate,
                observers.training_progressed,
                form=problem.larger.form,
            )
            if problem.larger
            else None
        )
        self._known = tuple(trial for trial in storage.trials() if storage.has_front() or _is_final(trial))
        known = frozenset(trial.number for trial in self._known)
        self._records = Records(storage, observers, known)
        self._num_trials = len(problem.baselines) + settings.num_trials

    def run(self) -> Front:
        """Search, confirm the front, check the ranking, and write the result.

        While workers use the cores, fitting models of a few dozen trials takes far longer with several threads than
        with one. Torch keeps its threads where the driver is the only worker and trains with them.
        """
        user_api = "blas" if self._concurrency.num_workers == 1 else None
        with threadpool_limits(1, user_api=user_api), collected_seldom():
            return self._run()

    @property
    def trials(self) -> Sequence[Trial]:
        """All trials so far."""
        return self._store.trials

    def forecast_front(self) -> list[Trial]:
        """The trials that would be on the front if the search ended now, at whichever rung they are."""
        return self._scheduler.front()

    def ranking(self) -> Ranking:
        """Where the study puts every trained trial at the last rung, measured or forecast."""
        return study_ranking(self._store, self._problem, self._forecaster)

    def _run(self) -> Front:
        info = study_info(self._storage.path, self._settings, self._problem)
        plan = study_plan(self._settings, self._problem, self._concurrency.num_workers)
        self._observers.study_started(info, plan, self._known)
        self._search()
        further = FurtherRuns(
            self._settings,
            self._problem,
            self._store,
            self._rungs,
            self._launcher,
            self._records,
            self._observers,
            self._concurrency,
            self._larger,
        )
        further.confirm()
        chances = front_chances(self._store, self._problem, self._forecaster)
        fidelity = further.judge(self.ranking(), chances)
        lengths = [*self._rungs, *([fidelity.num_steps] if fidelity else [])]
        self._records.settle(self._store.trials)
        reordering = reorderings(self._store, self._problem, lengths)
        front = make_front(self._settings, self._problem, self._store.trials, chances, reordering, fidelity)
        self._storage.write_front(front)
        self._storage.forget_checkpoints()
        self._observers.study_finished(tuple(self._store.trials), front)
        return front

    def _search(self) -> None:
        for number, (name, pattern) in enumerate(self._problem.baselines.items()):
            self._enter(self._proposer.baseline(number, name, pattern))
        clock: VirtualClock[Launch] = VirtualClock(self._concurrency.num_workers)
        while True:
            while clock.num_free and (launch := self._next_launch(clock.num_free)) is not None:
                clock.start(launch, self._steps(launch))
            if clock.is_idle:
                break
            self._settle(clock.next_end())
        self._decisions.forget_others()
        for trial in self._store.trials:
            self._records.conclude(trial)
        self._give_up_if_all_fail(1)

    def _next_launch(self, num_free: int) -> Launch | None:
        """What a free worker does: take baselines to the end, train promoted trials, or begin new trials.

        When all trials have been proposed, those that are forecast to be on the front are trained to the last rung.
        Whatever is ready to be trained is shared among the free workers.
        """
        scheduler = self._scheduler
        trials = self._next_trials()
        if not trials and self._store.catch_up():
            trials = self._next_trials()
        if not trials:
            return None
        trials = trials[: self._concurrency.share(len(trials), num_free)]
        scheduler.started(trials)
        return self._launcher.launch(trials, scheduler.rung_after(trials[0]), trial_seed(self._settings, 0))

    def _next_trials(self) -> list[Trial]:
        scheduler, all_proposed = self._scheduler, len(self._store.trials) == self._num_trials
        return (
            scheduler.next_baselines()
            or scheduler.next_promoted(more_to_come=not all_proposed)
            or self._ask()
            or scheduler.next_finalists()
        )

    def _ask(self) -> list[Trial]:
        """New trials to train, as many as are asked at once unless all trials have been proposed."""
        first = len(self._problem.baselines)
        enough = self._concurrency.asked_at_once(max(0, len(self._store.rung_scores(self._rungs[0])) - first))
        while len(self._scheduler.newcomers()) < enough:
            number = len(self._store.trials)
            if number == self._num_trials:
                break
            self._history.look()
            self._enter(self._proposer.sampled(number, self._history.all))
        return self._scheduler.newcomers()

    def _enter(self, proposal: Proposal) -> None:
        trial = self._store.enter(proposal)
        if trial.state is TrialState.RUNNING and self._profiling is not None:
            trial = self._profiled(trial)
        if trial.state is TrialState.RUNNING:
            self._records.begin(trial)
        else:
            self._records.conclude(trial)
            self._give_up_if_all_fail(MOST_FAILURES)

    def _profiled(self, trial: Trial) -> Trial:
        """The trial with what it takes on the device, which decides whether it is trained, and what is asked next."""
        found = self._launcher.profile(trial)
        if isinstance(found, Profile):
            return self._store.add_profile(trial.number, found)
        failed = self._store.fail_profile(trial.number, found.outcome, found.reason)
        if trial.baseline == "full":
            remedy = "Choose a target that fits this machine, such as one with fewer target.num_tokens."
            raise StudyError(f"target: full attention cannot be measured on it ({failed.reason}). {remedy}")
        return failed

    def _settle(self, launch: Launch) -> None:
        """Wait for a launch and write down its results."""
        measured = self._launcher.wait(launch)
        self._scheduler.ended([trial.number for trial in launch.trials])
        for number, measurements in measured.items():
            trial = self._store.advance(number, launch.rung, measurements)
            if trial.state is not TrialState.STOPPED:
                self._records.conclude(trial)
                continue
            self._records.keep(trial)
            if launch.jobs:
                self._observers.trial_advanced(trial)
        self._give_up_if_all_fail(MOST_FAILURES)

    def _give_up_if_all_fail(self, least: int) -> None:
        """Stop if so many trials have failed, and none has been measured: the cause is not in the patterns."""
        if any(trial.scores for trial in self._store.trials):  # the first ones, nearly always
            return
        failed = [trial for trial in self._store.trials if trial.state is TrialState.FAILED]
        if len(failed) < least:
            return
        folder = self._storage.trial_path(failed[-1].number)
        raise StudyError(
            f"study: no trial could be measured, and {len(failed)} failed; the last in {folder}: {failed[-1].reason}. "
            "Its failure.txt says where. Mend that, and run the same nas search again."
        )

    def _steps(self, launch: Launch) -> int:
        """How long a launch takes by the virtual clock: the steps that its trials still lack, over all tasks."""
        before = launch.trials[0].step
        trunk = branch_start(before, self._settings.training) if before else 0
        return (launch.rung - trunk) * len(self._problem.tasks)


def _is_final(trial: Trial) -> bool:
    """Whether the search will not train a trial further."""
    return trial.state not in (TrialState.RUNNING, TrialState.STOPPED)
