"""Where the steps of the default search go, and what smaller designs of it would reach: whole studies, replayed.

    python benchmarks/default_search.py tables/tabular-text.jsonl --keep default.jsonl        # the default alone
    python benchmarks/default_search.py tables/tabular-text.jsonl --keep default.jsonl --trials 12,16 --rungs 960

Every study is replayed by the product's own driver in three worlds: the table, the table without the patterns that have
its narrowest first window (among which are nearly all good ones), and the problem of `make search` with qualities that
a model of the table predicts. Counted are optimiser steps, branches included. Judged is the front by its true values,
as a share of the true front's hypervolume; in the table by the seed that the search did not see.

Long runs change no front, so what they would take is counted for several designs of them from the same replay.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from statistics import fmean

import torch
from search_methods.search import interval
from search_methods.whole_study import PURPOSES, WholeStudy, replay_study
from search_methods.world import WORLDS, World, world_of

from nas.proxy.training.schedule import branch_start
from nas.search.fidelity.long_runs import chosen_for_long_runs
from nas.search.settings import FidelitySettings, StudySettings

LONG_RUNS = ((7, 4), (5, 4), (3, 4), (7, 2), (5, 2), (0, 2))
"""Patterns and times of the long runs whose steps are counted."""


@dataclass(frozen=True)
class Design:
    """What is chosen of a search.

    Args:
        num_trials: sampled patterns.
        rungs: in optimiser steps, ascending, each the same multiple of the one below.
    """

    num_trials: int
    rungs: tuple[int, ...]

    def applied(self, settings: StudySettings, seed: int) -> StudySettings:
        """A study of this design that confirms its front once and makes no long runs."""
        ratio = self.rungs[-1] // self.rungs[-2] if len(self.rungs) > 1 else 2
        training = replace(settings.training, num_steps=self.rungs[-1], num_rungs=len(self.rungs), rung_ratio=ratio)
        return replace(
            settings,
            seed=seed,
            num_trials=self.num_trials,
            training=training,
            confirm_seeds=1,
            fidelity=FidelitySettings(num_patterns=0),
        )


@dataclass(frozen=True)
class Result:
    """What one replayed study came to.

    Args:
        steps: optimiser steps by purpose, without long runs.
        long: optimiser steps of the long runs, by their design (7x4).
        searched: share of the true hypervolume of the front that the search ends with.
        confirmed: the same after confirmation.
        confirmed_by_both: the same, judged by the mean of all seeds of the world.
        points: on the front.
    """

    steps: dict[str, int]
    long: dict[str, int]
    searched: float
    confirmed: float
    confirmed_by_both: float
    points: int


def result(name: str, path: Path, design: Design, seed: int) -> Result:
    """Replay one study."""
    world = world_of(name, path)
    settings = design.applied(world.settings, seed)
    study = replay_study(world, settings)
    judge = world.judge_of(seed)
    return Result(
        steps=dict(study.steps),
        long={f"{num}x{times}": long_run_steps(study, world, settings, num, times) for num, times in LONG_RUNS},
        searched=world.share(study.moments[-1].chosen, judge),
        confirmed=world.share(study.front, judge),
        confirmed_by_both=world.share(study.front),
        points=len(study.front),
    )


def long_run_steps(study: WholeStudy, world: World, settings: StudySettings, num_patterns: int, times: int) -> int:
    """Optimiser steps of long runs with the search's own seed."""
    quality = next(goal for goal in study.problem.objectives if goal.scores)
    chosen = chosen_for_long_runs(study.store.trials, study.ranking, quality, num_patterns) if num_patterns else []
    rung = times * settings.training.num_steps
    return sum(rung - branch_start(trial.step, settings.training) for trial in chosen)


def kept(file: Path) -> dict[str, Result]:
    """What earlier calls have replayed, by world, design and seed."""
    rows = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    return {row.pop("key"): Result(**row) for row in rows}


def replays(options: argparse.Namespace, designs: Sequence[Design]) -> Iterator[tuple[str, Design, list[Result]]]:
    """All studies of every world and design, made now or kept."""
    known = kept(options.keep)
    for name, design in product(options.worlds.split(","), designs):
        found = []
        for seed in options.seeds:
            key = f"{name}; {design.num_trials}; {'+'.join(map(str, design.rungs))}; {seed}"
            if key not in known:
                known[key] = result(name, options.table, design, seed)
                with options.keep.open("a") as file:
                    file.write(json.dumps({"key": key} | asdict(known[key])) + "\n")
            found.append(known[key])
        yield name, design, found


def mean(values: Sequence[float]) -> str:
    """Mean with its 95% bootstrap interval."""
    middle, low, high = interval(values)
    return f"{middle:.3f} ({low:.3f} to {high:.3f})"


def line(name: str, design: Design, found: Sequence[Result]) -> str:
    """A row of the report."""
    steps = [fmean(one.steps[purpose] for one in found) for purpose in PURPOSES[:-1]]
    steps += [fmean(one.long[f"{count}x{times}"] for one in found) for count, times in LONG_RUNS]
    shares = [
        mean([one.searched for one in found]),
        mean([one.confirmed for one in found]),
        mean([one.confirmed_by_both for one in found]),
    ]
    cells = [name, str(design.num_trials), ", ".join(map(str, design.rungs)), *(f"{one:,.0f}" for one in steps)]
    return "| " + " | ".join(cells + shares) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("--keep", type=Path, required=True, help="JSON Lines; what is there is not replayed again")
    parser.add_argument("--trials", default="24", help="numbers of sampled patterns, by comma")
    parser.add_argument("--rungs", default="480+960", help="rungs in optimiser steps, by plus and comma")
    parser.add_argument("--worlds", default=",".join(WORLDS))
    parser.add_argument(
        "--seeds", type=lambda text: range(*map(int, text.split(":"))), default=range(32), help="FROM:TO"
    )
    options = parser.parse_args()
    if unknown := set(options.worlds.split(",")) - set(WORLDS):
        parser.error(f"--worlds: must be some of {', '.join(WORLDS)}, by comma, got {', '.join(sorted(unknown))}")
    torch.set_num_threads(1)
    designs = [
        Design(int(trials), tuple(map(int, rungs.split("+"))))
        for rungs, trials in product(options.rungs.split(","), options.trials.split(","))
    ]
    heads = ["world", "trials", "rungs", *PURPOSES[:-1], *(f"{count} x {times}" for count, times in LONG_RUNS)]
    heads += ["share after the search", "after confirmation", "by both seeds"]
    print("| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|")
    for name, design, found in replays(options, designs):
        print(line(name, design, found), flush=True)


if __name__ == "__main__":
    main()
