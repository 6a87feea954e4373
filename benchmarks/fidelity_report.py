"""Whether the fidelity report can be believed: its intervals and probabilities against what is true.

    python benchmarks/fidelity_report.py simulated
    python benchmarks/fidelity_report.py replayed tables/tabular-text.jsonl

First on simulated rankings with a known tau, beside what was tried and lost. Then on default searches that are replayed
whole: its interval of tau against the tau of all trials of the study, its probabilities of being on the front against
the fronts of the true values, and its reordering against that of the true values. True values are known only in the
default space, whose qualities a model of the table predicts: those of a projection are projected from noise-free runs,
and a second front is that of the longest training.
"""

import argparse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import asin, pi, sin, sqrt
from pathlib import Path
from statistics import fmean, stdev

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import hyp2f1
from search_methods.surrogate import SurrogateExecutor
from search_methods.whole_study import WholeStudy, replay_study
from search_methods.world import WORLDS, World, world_of

from nas.patterns.model import ModelPattern
from nas.proxy.training.schedule import rung_steps
from nas.results.objective import Score
from nas.results.trial import Trial, TrialState
from nas.search.scoring.noise import CARRIED
from nas.search.scoring.projection import projected
from nas.search.settings import FidelitySettings
from nas.statistics.pareto import nondominated
from nas.statistics.rank_agreement import kendall_tau, kendall_tau_interval
from nas.statistics.tau_posterior import RankingNoise, TauPosterior

Interval = tuple[float, float]
Array = NDArray[np.float64]

NUMS, TAUS = (5, 7, 12), (0.2, 0.5, 0.8)
NOISE = 0.35
"""Noise between seeds in deviations between patterns: 0.0139 of 0.0457 to 0.0381 in the shipped table."""
CONFIDENCE = 0.9
BINS = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
"""Edges between which predicted probabilities are averaged."""
LEVEL = 0.5
_GRID: Array = np.linspace(-0.9975, 0.9975, 400)


def bootstrap(first: list[float], second: list[float]) -> Interval:
    """A percentile bootstrap over the patterns, which was reported before."""
    found = kendall_tau_interval(first, second, confidence=CONFIDENCE, num_resamples=400)
    return (found.low, found.high) if found else (-1.0, 1.0)


def counted(first: list[float], second: list[float]) -> Interval:
    """The reported posterior, from the number of concordant pairs."""
    return _ends(TauPosterior.of(first, second))


def correlated(first: list[float], second: list[float]) -> Interval:
    """The posterior from Pearson's correlation, whose density is known for normal values (Hotelling 1953)."""
    num, r = len(first), float(np.clip(np.corrcoef(first, second)[0, 1], -0.9999, 0.9999))
    rho = np.sin(pi / 2 * _GRID)
    density = (1 - rho**2) ** ((num - 1) / 2) * (1 - rho * r) ** (1.5 - num)
    weights = density * hyp2f1(0.5, 0.5, num - 0.5, (1 + rho * r) / 2)
    return _ends(TauPosterior(_GRID, weights / weights.sum()))


INTERVALS: dict[str, Callable[[list[float], list[float]], Interval]] = {
    "bootstrap": bootstrap,
    "pairs": counted,
    "correlation": correlated,
}


def _ends(posterior: TauPosterior) -> Interval:
    return posterior.quantile((1 - CONFIDENCE) / 2), posterior.quantile((1 + CONFIDENCE) / 2)


def simulated(num_samples: int, num_items: int, tau: float, noise: float) -> str:
    """A row: how often intervals hold the tau of the values with noise, and of the values without it; their widths."""
    draw, rho = np.random.default_rng(0), sin(pi / 2 * tau)
    measured = 2 / pi * asin((rho + CARRIED * noise**2) / (1 + noise**2))
    held: dict[str, list[bool]] = {name: [] for name in (*INTERVALS, "freed")}
    widths: dict[str, list[float]] = {name: [] for name in held}
    for _ in range(num_samples):
        values = draw.multivariate_normal([0, 0], [[1, rho], [rho, 1]], size=num_items)
        values += noise * draw.multivariate_normal([0, 0], [[1, CARRIED], [CARRIED, 1]], size=num_items)
        first, second = (list(map(float, side)) for side in values.T)
        found = {name: interval(first, second) for name, interval in INTERVALS.items()}
        truth = dict.fromkeys(found, measured) | {"freed": tau}
        freed = TauPosterior.of(first, second).freed(
            first, second, RankingNoise(noise**2, noise**2, CARRIED * noise**2)
        )
        found |= {"freed": _ends(freed)} if freed else {}
        for name, (low, high) in found.items():
            held[name].append(low <= truth[name] <= high)
            widths[name].append(high - low)
    cells = [f"{np.mean(held[name]):.0%} ({np.mean(widths[name]):.2f})" for name in held]
    return "| " + " | ".join([str(num_items), f"{tau}", f"{noise}", f"{measured:.2f}", *cells]) + " |"


@dataclass(frozen=True)
class Judged:
    """What one study reported, and what is true.

    Args:
        taus: of all trials of the study, between what the search compares and the long runs: as measured, and of the
            true values where these are known.
        intervals: of both, as reported.
        above: reported probability that the measured tau is above LEVEL.
        chances: reported probabilities of being on the front, whether a trial is on it by the true values of what the
            search compares, and whether by those of the longest training.
        reordering: reported deviation from the last rung to the long runs per doubling, and the true one.
        share_of_steps: of the long runs.
        untrained_share: as reported.
        regret_of_front: as reported.
    """

    taus: tuple[float, float | None]
    intervals: tuple[Interval, Interval | None]
    above: float
    chances: tuple[tuple[float, bool, bool], ...]
    reordering: tuple[float, float] | None
    share_of_steps: float
    untrained_share: float | None
    regret_of_front: float | None


def judged(world: World, seed: int) -> Judged:
    """Replay one default search with its report, and judge the report."""
    fidelity = FidelitySettings(num_patterns=7, times=2, num_seeds=1)
    settings = replace(world.settings, seed=seed, num_trials=24, confirm_seeds=1, fidelity=fidelity)
    study = replay_study(world, settings)
    report = study.result.fidelity
    assert report is not None
    name = next(iter(report.objectives))
    own = report.objectives[name]
    trials = [trial for trial in study.store.trials if trial.number in study.ranking]
    longest = report.num_steps
    executor = world.make_executor({})
    after = [executor.known(_pattern(trial), world.seed_of(seed, 0), longest).quality or 0.0 for trial in trials]
    ours = [study.ranking[trial.number][name] for trial in trials]
    measured = kendall_tau(ours, after)
    assert own.agreement is not None and measured is not None
    score, lengths = study.problem.objectives[0].scores[0], (*rung_steps(settings.training)[-2:], longest)
    true = TrueValues.of(score, executor, trials, lengths) if isinstance(executor, SurrogateExecutor) else None
    freed = own.freed_of_noise
    reordered = [one.per_doubling for one in study.result.reordering if one.to_steps == longest]
    return Judged(
        taus=(measured, kendall_tau(true.compared, true.long) if true else None),
        intervals=((own.agreement.low, own.agreement.high), (freed.low, freed.high) if freed else None),
        above=own.agreement.above_half,
        chances=_chances(study, trials, true) if true else (),
        reordering=(reordered[0], true.reordering) if true and reordered and reordered[0] is not None else None,
        share_of_steps=report.share_of_steps,
        untrained_share=report.untrained_share,
        regret_of_front=report.regret_of_front,
    )


def _pattern(trial: Trial) -> ModelPattern:
    assert trial.pattern is not None
    return trial.pattern


@dataclass(frozen=True)
class TrueValues:
    """The qualities of trials without noise, to be minimised, trial by trial.

    Args:
        compared: what the search compares patterns by.
        foreseen: what the same runs foretell of the length of the long runs.
        long: after the long runs.
        last: after the longest training that the world knows.
    """

    compared: list[float]
    foreseen: list[float]
    long: list[float]
    last: list[float]

    @classmethod
    def of(
        cls, score: Score, executor: SurrogateExecutor, trials: Sequence[Trial], rungs: Sequence[int]
    ) -> "TrueValues":
        """Those of a study's trials.

        Args:
            score: that the search compares patterns by.
            executor: knows them.
            trials: of the study.
            rungs: the last two of the search and the length of the long runs, in optimiser steps.
        """
        below, end, longest = rungs
        curves = [
            dict(zip(executor.forest.rungs, executor.forest.mean(_pattern(trial)), strict=True)) for trial in trials
        ]

        def ahead(steps: int | None) -> list[float]:
            """From the last two rungs, as the search does it; None as measured."""
            return [projected((below, own[below]), (end, own[end]), steps or end) for own in curves]

        return cls(
            compared=ahead(score.projected_to),
            foreseen=ahead(longest if score.projected_to else None),
            long=[own[longest] for own in curves],
            last=[own[executor.forest.rungs[-1]] for own in curves],
        )

    @property
    def reordering(self) -> float:
        """How far the long runs change the distance of two trials from what was foreseen, one deviation."""
        return sqrt(2) * stdev(one - other for one, other in zip(self.foreseen, self.long, strict=True))


def _chances(study: WholeStudy, trials: Sequence[Trial], true: TrueValues) -> tuple[tuple[float, bool, bool], ...]:
    now, later = (_on_front(trials, values) for values in (true.compared, true.last))
    reported = {one.trial: one.front_probability for one in study.result.contenders}
    reported |= {
        entry.trial: entry.front_probability
        for entry in (*study.result.points, *study.result.baselines)
        if entry.front_probability is not None
    }
    could = [trial.number for trial in trials if trial.state in (TrialState.FINISHED, TrialState.STOPPED)]
    return tuple((reported.get(number, 0.0), number in now, number in later) for number in could)


def _on_front(trials: Sequence[Trial], qualities: Sequence[float]) -> set[int]:
    points = [
        (quality, trial.costs["flops"], trial.costs["kv_cache_bytes"])
        for quality, trial in zip(qualities, trials, strict=True)
    ]
    return {trials[index].number for index in nondominated(points)}


def replayed(name: str, studies: Sequence[Judged]) -> list[str]:
    """What reports of one world were worth."""
    low_high = [(one.taus[0], one.intervals[0]) for one in studies]
    lines = [
        f"{name}: {len(studies)} studies",
        f"  tau of all trials {fmean(tau for tau, _ in low_high):.2f}; intervals hold it in {_held(low_high)}, "
        f"{fmean(high - low for _, (low, high) in low_high):.2f} wide; P(tau > {LEVEL}) "
        f"{fmean(one.above for one in studies):.0%}, true in {fmean(one.taus[0] > LEVEL for one in studies):.0%}",
        f"  long runs {fmean(one.share_of_steps for one in studies):.0%} of the steps; regret of the front "
        f"{_mean(one.regret_of_front for one in studies)}, "
        f"untrained share {_mean(one.untrained_share for one in studies)}",
    ]
    freed = [(one.taus[1], one.intervals[1]) for one in studies]
    known = [(tau, interval) for tau, interval in freed if tau is not None and interval is not None]
    if known:
        lines.append(
            f"  freed of noise {fmean(tau for tau, _ in known):.2f}; {len(known)} intervals hold it in {_held(known)}, "
            f"{fmean(high - low for _, (low, high) in known):.2f} wide"
        )
    chances = [pair for one in studies for pair in one.chances]
    for low, high in pairwise(BINS):
        inside = [one for one in chances if low <= one[0] < high or one[0] == high == 1]
        if inside:
            said, now, later = (fmean(column) for column in zip(*inside, strict=True))
            lines.append(
                f"  on the front with {low:.0%} to {high:.0%}: said {said:.2f}, true {now:.2f} of {len(inside)}, "
                f"after the longest training {later:.2f}"
            )
    if chances:
        brier = fmean((said - is_on) ** 2 for said, is_on, _ in chances)
        sure = fmean((round(said) - is_on) ** 2 for said, is_on, _ in chances)
        lines.append(f"  Brier score {brier:.3f}; of certainty above a half {sure:.3f}")
    pairs = [one.reordering for one in studies if one.reordering is not None]
    if pairs:
        lines.append(
            f"  a doubling reorders by {fmean(said for said, _ in pairs):.4f} as reported, "
            f"{fmean(true for _, true in pairs):.4f} by true values of all trials"
        )
    return lines


def _held(pairs: Sequence[tuple[float, Interval]]) -> str:
    return f"{fmean(low <= tau <= high for tau, (low, high) in pairs):.0%}"


def _mean(values: Iterable[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{fmean(known):.2f}" if known else "-"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("simulated", "replayed"))
    parser.add_argument("table", type=Path, nargs="?")
    parser.add_argument("--samples", type=int, default=1000, help="simulated rankings for each row")
    parser.add_argument("--seeds", type=int, default=32, help="replayed studies for each world")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.what == "simulated":
        print(f"| patterns | tau | noise | tau with noise | {' | '.join(INTERVALS)} | freed |\n" + "|---" * 8 + "|")
        for noise in (0.0, NOISE):
            for num_items in NUMS:
                for tau in TAUS:
                    print(simulated(options.samples, num_items, tau, noise), flush=True)
        return
    for name in WORLDS:
        world = world_of(name, options.table)
        print("\n".join(replayed(name, [judged(world, seed) for seed in range(options.seeds)])), flush=True)


if __name__ == "__main__":
    main()
