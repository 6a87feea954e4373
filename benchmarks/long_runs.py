"""What long runs tell about a ranking, and what they cost: designs of the fidelity check, replayed on a table.

    python benchmarks/long_runs.py tables/tabular-text.jsonl

Replays the default search many times. Then checks three rankings of its trials with each design: the study's own, that
of the lowest rung of the table, and an order drawn at random. A check of all trials, by the same seed and for as long,
is what each design estimates. After that the pattern of the best quality is chosen, with what the long runs show and
without, and judged by the table's seed that the search did not see.
"""

import argparse
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from search_methods.search import interval
from search_methods.whole_study import WholeStudy, replay_study
from search_methods.world import World, table_world

from nas.proxy.training.schedule import branch_start, rung_steps
from nas.results.fidelity import Agreement
from nas.results.trial import Trial, TrialState
from nas.search.fidelity.agreement import agreement
from nas.search.fidelity.horizon import horizon
from nas.search.fidelity.long_runs import chosen_for_long_runs
from nas.search.scoring.objectives import Goal
from nas.search.settings import FidelitySettings
from nas.statistics.rank_agreement import kendall_tau

NUM_PATTERNS, TIMES = (0, 3, 5, 7, 9, 12), (2, 4)
OWN, EARLY, RANDOM = "own", "early", "random"
"""Rankings that are checked."""


@dataclass(frozen=True)
class Check:
    """What one design told about one ranking.

    Args:
        agreement: of the patterns that were trained longer, as the report gives it.
        whole_tau: tau-b of all trials of the study, trained as long.
        last_tau: tau-b of all trials, trained for the longest of TIMES.
    """

    agreement: Agreement
    whole_tau: float
    last_tau: float


@dataclass(frozen=True)
class Outcome:
    """What a design was worth to one study.

    Args:
        checks: by ranking.
        num_steps: optimiser steps of the long runs.
        losses: quality lost by choosing the study's best, the best of the long runs, and the best by forecast, in the
            table's unit, less than the best of all trials.
        share: of the true hypervolume, of the front by forecasts to the length of the long runs.
    """

    checks: Mapping[str, Check]
    num_steps: int
    losses: tuple[float, float, float]
    share: float


class Study:
    """One replayed study, and what the table knows of its trials.

    Args:
        world: of the table.
        seed: of the study.
    """

    def __init__(self, world: World, seed: int) -> None:
        self._world = world
        self.settings = replace(
            world.settings, seed=seed, num_trials=24, confirm_seeds=1, fidelity=FidelitySettings(num_patterns=0)
        )
        self._study: WholeStudy = replay_study(world, self.settings)
        self._goal: Goal = next(goal for goal in self._study.problem.objectives if goal.scores)
        self._executor = world.make_executor({})
        self._own, self._judge = world.seed_of(seed, 0), world.judge_of(seed)
        self.trials = [trial for trial in self._study.store.trials if trial.number in self._study.ranking]
        draw = random.Random(seed)
        by_number = {number: own[self._goal.name] for number, own in self._study.ranking.items()}
        shuffled = draw.sample(list(by_number.values()), len(by_number))
        self._rankings = {
            OWN: by_number,
            EARLY: {trial.number: self._quality(trial, self._own, world.rungs[0]) for trial in self.trials},
            RANDOM: dict(zip(by_number, shuffled, strict=True)),
        }

    def outcome(self, num_patterns: int, times: int) -> Outcome:
        """What a design was worth."""
        rung = times * self.settings.training.num_steps
        chosen = {name: self._chosen(ranking, num_patterns) for name, ranking in self._rankings.items()}
        checks = {
            name: self._check(ranking, chosen[name], rung) for name, ranking in self._rankings.items() if num_patterns
        }
        num_steps = sum(rung - branch_start(trial.step, self.settings.training) for trial in chosen[OWN])
        long = {trial.number: self._quality(trial, self._own, rung) for trial in chosen[OWN]}
        finished = [trial for trial in self.trials if trial.state is TrialState.FINISHED]
        short = {trial.number: self._rankings[OWN][trial.number] for trial in finished}
        ahead = self._ahead(long, rung) if num_patterns else short
        losses = (self._loss(short), self._loss(long or short), self._loss(ahead))
        return Outcome(checks, num_steps, losses, self._share(ahead))

    def _chosen(self, ranking: Mapping[int, float], num_patterns: int) -> list[Trial]:
        if num_patterns == 0:
            return []
        named = {number: {self._goal.name: value} for number, value in ranking.items()}
        return chosen_for_long_runs(self.trials, named, self._goal, num_patterns)

    def _check(self, ranking: Mapping[int, float], chosen: Sequence[Trial], rung: int) -> Check:
        ours, theirs = self._sides(ranking, chosen, rung)
        found = agreement(ours, theirs, theirs)
        assert found is not None, "three patterns or more are trained longer"
        return Check(
            agreement=found,
            whole_tau=self._whole_tau(ranking, rung),
            last_tau=self._whole_tau(ranking, max(TIMES) * self.settings.training.num_steps),
        )

    def _whole_tau(self, ranking: Mapping[int, float], rung: int) -> float:
        tau = kendall_tau(*(list(side.values()) for side in self._sides(ranking, self.trials, rung)))
        assert tau is not None, "the trials of a study differ"
        return tau

    def _sides(
        self, ranking: Mapping[int, float], trials: Sequence[Trial], rung: int
    ) -> tuple[dict[int, float], dict[int, float]]:
        """Values by a ranking and after training to a rung, by trial."""
        ours = {trial.number: ranking[trial.number] for trial in trials}
        return ours, {trial.number: self._quality(trial, self._own, rung) for trial in trials}

    def _quality(self, trial: Trial, seed: int, rung: int) -> float:
        assert trial.pattern is not None
        quality = self._executor.known(trial.pattern, seed, rung).quality
        assert quality is not None
        return quality

    def _ahead(self, long: Mapping[int, float], rung: int) -> dict[int, float]:
        """Finished trials as the report forecasts them to the length of the long runs."""
        rungs = rung_steps(self.settings.training)
        found = horizon(self._study.store, self._study.problem, rungs, rung, self._goal, long)
        return {one.trial: one.value for one in found.forecasts}

    def _loss(self, values: Mapping[int, float]) -> float:
        """What choosing the best by some values loses to the best of all trials."""
        true = {
            trial.number: self._world.value(trial.pattern, self._judge)[0] for trial in self.trials if trial.pattern
        }
        return true[min(values, key=values.__getitem__)] - min(true.values())

    def _share(self, values: Mapping[int, float]) -> float:
        """What the front by some qualities is worth."""
        patterns = {trial.number: trial.pattern for trial in self.trials if trial.pattern}
        return self._world.front_share({patterns[number]: value for number, value in values.items()}, self._judge)


def mean(values: Sequence[float], digits: int = 2) -> str:
    middle, low, high = interval(values)
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def told_apart(right: Sequence[Check], wrong: Sequence[Check]) -> float:
    """The probability that the right ranking of a study gets the higher tau; half for a tie."""
    ours, theirs = ([one.agreement.mean for one in checks] for checks in (right, wrong))
    return float(np.mean([0.5 + 0.5 * np.sign(own - other) for own, other in zip(ours, theirs, strict=True)]))


def significant(checks: Sequence[Check]) -> float:
    """How often the report says that a ranking is better than chance."""
    return float(np.mean([one.agreement.better_than_chance for one in checks]))


def line(num_patterns: int, times: int, outcomes: Sequence[Outcome]) -> str:
    """A row of the report."""
    cells = [str(num_patterns), str(times), f"{np.mean([one.num_steps for one in outcomes]):,.0f}"]
    if num_patterns:
        own, early, chance = ([one.checks[name] for one in outcomes] for name in (OWN, EARLY, RANDOM))
        errors = [[one.agreement.mean - one.whole_tau, one.agreement.mean - one.last_tau] for one in own]
        width = float(np.mean([one.agreement.high - one.agreement.low for one in own]))
        covered = float(np.mean([one.agreement.low <= one.whole_tau <= one.agreement.high for one in own]))
        cells += [f"{error:.2f}" for error in np.sqrt(np.mean(np.square(errors), axis=0))]
        cells += [f"{width:.2f}", f"{covered:.0%}"]
        cells += [f"{told_apart(own, other):.2f}" for other in (early, chance)]
        cells += [f"{significant(checks):.0%}" for checks in (own, early, chance)]
    else:
        cells += ["-"] * 9
    cells += [mean([1000 * one.losses[place] for one in outcomes], 1) for place in range(3)]
    return "| " + " | ".join([*cells, mean([one.share for one in outcomes], 3)]) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("--seeds", type=int, default=64, help="studies")
    options = parser.parse_args()
    torch.set_num_threads(1)
    world = table_world(options.table)
    studies = [Study(world, seed) for seed in range(options.seeds)]
    for times in TIMES:
        all_checks = [study.outcome(3, times).checks for study in studies]
        taus = [f"{name} {mean([checks[name].whole_tau for checks in all_checks])}" for name in (OWN, EARLY, RANDOM)]
        print(f"tau-b of all trials after {times} times the training: {', '.join(taus)}")
    print(
        "\n| patterns | times | steps | error of tau | after 4 times | width | holds | above early | above random "
        "| better than chance: own | early | random "
        "| loss of the study's best | of the best of the long runs | of the best by forecast | share |"
    )
    print("|---" * 16 + "|")
    for times in TIMES:
        for num_patterns in NUM_PATTERNS:
            print(line(num_patterns, times, [study.outcome(num_patterns, times) for study in studies]), flush=True)


if __name__ == "__main__":
    main()
