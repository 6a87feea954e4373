"""Where the CPU time of a search goes: steps of training, scoring, and everything else, in one process.

    python benchmarks/shares.py                      # the default search with one worker: a quarter of an hour
    python benchmarks/shares.py num_trials=4 confirm_seeds=0 fidelity.num_patterns=2   # a part of it, a minute or two

Further words are settings of `nas search`. Every part has the CPU time spent in it less that of the parts that it
calls; reading the data before the first trial is left out. At the end, the first estimate of the time left beside the
time that it took.
"""

import os
import platform
import sys
import tempfile
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import torch
from stopwatch import Parts, Stopwatch

from nas.config.load import load_settings
from nas.evaluation import scratch
from nas.proxy.state.cohort_state import CohortState
from nas.proxy.training import cohort_trainer
from nas.proxy.training.lightning_module import ProxyModule
from nas.proxy.training.stretch_module import StretchModule
from nas.report.progress.time_left import TimeLeft
from nas.report.progress.workload import Workload
from nas.results.observer import Observer, Progress, StudyInfo, StudyPlan
from nas.results.trial import Trial
from nas.search.driver import Driver
from nas.search.study import run_study
from nas.tasks.language.windows import WindowTask

PARTS: Parts = {
    "driver": ((Driver, ("run",)),),
    "Lightning": ((cohort_trainer, ("fit", "quiet_trainer")),),
    "steps": ((StretchModule, ("training_step",)),),
    "batches": ((WindowTask, ("train_batch",)),),
    "validation": ((ProxyModule, ("validation_step", "on_validation_epoch_end")),),
    "longer sequences": ((scratch, ("longer_qualities",)),),
    "checkpoints": ((CohortState, ("save", "load")),),
}
"""What a search does; the driver is what remains of it: asking, telling, writing down."""


class Promise(Observer):
    """Remembers the first estimate of the time left."""

    def __init__(self) -> None:
        self._left = TimeLeft()
        self.seconds: float | None = None
        self.made = self.started = time.monotonic()

    def study_started(self, info: StudyInfo, plan: StudyPlan, known: tuple[Trial, ...]) -> None:
        """See `Observer`."""
        self._work, self.started = Workload(plan, info.scores, known), time.monotonic()

    def training_progressed(self, progress: Progress) -> None:
        """See `Observer`."""
        self._work.progressed(progress)
        if self.seconds is None:
            self._left.update(self._work.done, self._work.expected)
            self.seconds, self.made = self._left.seconds, time.monotonic()


def main() -> None:
    """Run a search and print its shares."""
    if "--help" in sys.argv:
        print(__doc__)
        return
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        words = ["tracking=none", "device=cpu", "workers=1", *sys.argv[1:]]
        (settings,) = load_settings(words)
        watch, promise = Stopwatch(PARTS), Promise()
        with watch.watching():
            run_study(replace(settings, study=str(Path(folder) / "study")), [promise])
        took = time.monotonic() - promise.made
    spent = {part: watch.seconds[part] for part in PARTS}
    total = sum(spent.values())
    print(f"{date.today()}, {platform.machine()}, load {os.getloadavg()[0]:.1f}, torch {torch.__version__}")
    print("| part | CPU s | share |\n|---|---|---|")
    for part, seconds in sorted(spent.items(), key=lambda item: -item[1]):
        print(f"| {part} | {seconds:.1f} | {seconds / total:.1%} |")
    print(f"| all | {total:.1f} | |")
    if promise.seconds is not None:
        after = promise.made - promise.started
        print(f"\nAfter {after:.0f} s it promised {promise.seconds:.0f} s more, and took {took:.0f} s.")


if __name__ == "__main__":
    main()
