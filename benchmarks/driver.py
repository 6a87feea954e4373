"""CPU time of the driver of a study, by part, where training takes none.

    python benchmarks/driver.py                          # 100, 1,000 and 10,000 trials
    python benchmarks/driver.py --trials 100 1000 --sampler tpe --resume

Runs the study of a preset with made-up measurements that come at once, in a folder on disk, with its database and its
confirmation and long runs. Every part has the time spent in it less that of the parts that it calls. With --resume the
ended study is run once more, which reads everything and trains nothing. Times are CPU milliseconds per trial of the one
process that runs everything; `fsyncs` are those per trial.
"""

import argparse
import os
import platform
import random
import tempfile
from collections import deque
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import optuna
import torch
from stopwatch import Parts, Stopwatch

from nas.config.load import load_settings
from nas.proxy.member import Member
from nas.results.identity import keep_identity
from nas.results.lock import locked
from nas.results.measurement import LengthQuality, Measurement, Outcome
from nas.results.own_files import check_own
from nas.search.concurrency import Concurrency
from nas.search.driver import Driver
from nas.search.executors.jobs import Job, JobResult, OnProgress, ProfileJob
from nas.search.front import front
from nas.search.further_runs import FurtherRuns
from nas.search.observers import Observers
from nas.search.problem.problem import Problem, make_problem
from nas.search.proposer import Proposer
from nas.search.samplers.catalog import SAMPLERS
from nas.search.samplers.history import History
from nas.search.scheduler.scheduler import Scheduler
from nas.search.settings import StudySettings
from nas.search.storage.follower import follow
from nas.search.storage.study_folder import StudyFolder
from nas.search.trial_store import TrialStore

PARTS: Parts = {
    "ask": ((Proposer, ("baseline", "sampled")), (History, ("all",))),
    "tell": (
        (TrialStore, ("enter", "advance", "add_measurements")),
        (Scheduler, ("next_baselines", "next_promoted", "next_finalists", "newcomers")),
    ),
    "front": (
        (Driver, ("ranking",)),
        (FurtherRuns, ("confirm", "judge")),
        (front, ("front_trials", "hypervolume_by_trial")),
    ),
    "folder": (
        (
            StudyFolder,
            (
                "read_proposal",
                "write_proposal",
                "read_measurement",
                "write_measurement",
                "write_trial",
                "write_front",
                "trials",
                "forget_failures",
                "forget_checkpoints",
                "remove_unfinished",
            ),
        ),
    ),
}
"""What a driver does."""


class InstantExecutor:
    """Trains nothing: every measurement is made up of the pattern's density, the seed and the rung.

    Args:
        problem: what is searched.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._queue: deque[Job] = deque()

    def submit(self, job: Job | ProfileJob) -> None:
        """Queue a job."""
        assert isinstance(job, Job), "no objective of this study is measured on a device"
        self._queue.append(job)

    def next_result(self, on_progress: OnProgress) -> JobResult:
        """Make up the oldest job's measurements."""
        job = self._queue.popleft()
        return JobResult(job, job.signed(self._made_up(member, job.rung) for member in job.members))

    def close(self) -> None:
        """Nothing runs."""

    def _made_up(self, member: Member, rung: int) -> Measurement:
        share = self._problem.cost(member.pattern).ratio_to(self._problem.full_cost)["attention_flops"]
        luck = random.Random(f"{member.pattern.id} {member.seed}").gauss(0, 0.01)
        quality = 2.5 - 0.2 * share**0.5 + luck + 40 / rung
        return Measurement(
            seed=member.seed,
            learning_rate=member.learning_rate,
            step=rung,
            outcome=Outcome.FINISHED,
            quality=quality,
            train_loss=quality,
            wall_seconds=1.0,
            longer=(LengthQuality(times=2, num_tokens=2 * self._problem.task.num_tokens, quality=quality + 0.01),),
        )


def run(settings: StudySettings, problem: Problem, folder: Path) -> Stopwatch:
    """Run a study to its end, or once more, as `nas.search.study.run_study` does."""
    watch = Stopwatch(PARTS)
    with watch.watching(), locked(folder):
        study = StudyFolder(folder)
        check_own(folder)
        study.remove_unfinished()
        study.forget_failures()
        study.write_settings(settings.to_document())
        identity = keep_identity(study, tuple(goal.objective for goal in problem.objectives))
        with closing(follow(study, identity, None)) as follower:
            driver = Driver(
                settings,
                problem,
                SAMPLERS[settings.sampler],
                study,
                InstantExecutor(problem),
                Observers([follower]),
                Concurrency(num_workers=1, cohort_size=1),
            )
            driver.run()
    return watch


def row(name: str, num_trials: int, watch: Stopwatch) -> str:
    """A row of the table."""
    total = sum(watch.seconds.values())
    cells = [f"{1000 * watch.seconds[part] / num_trials:.1f}" for part in (*PARTS, "rest")]
    return f"| {name} | {' | '.join(cells)} | {1000 * total / num_trials:.1f} | {watch.fsyncs / num_trials:.1f} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", nargs="+", type=int, default=[100, 1000, 10000])
    parser.add_argument("--preset", default="quick")
    parser.add_argument("--sampler", default="ehvi", choices=sorted(SAMPLERS))
    parser.add_argument("--resume", action="store_true", help="run every ended study once more")
    options = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    torch.set_num_threads(1)
    (settings,) = load_settings([f"preset={options.preset}", "tracking=none", "device=cpu"])
    problem = make_problem(settings)
    print(f"{date.today()}, {platform.machine()}, load {os.getloadavg()[0]:.1f}, {options.preset}, {options.sampler}")
    print(f"| trials | {' | '.join(PARTS)} | rest | all, CPU ms a trial | fsyncs |")
    print("|---" * (len(PARTS) + 4) + "|")
    for num_trials in options.trials:
        study = replace(settings, num_trials=num_trials, sampler=options.sampler)
        with tempfile.TemporaryDirectory() as folder:
            for name in (f"{num_trials:,}", *([f"{num_trials:,}, resumed"] if options.resume else [])):
                print(row(name, num_trials, run(study, problem, Path(folder) / "study")), flush=True)


if __name__ == "__main__":
    main()
