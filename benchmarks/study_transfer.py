"""What whole searches say of a larger model: studies replayed on a small model's table, judged by the larger one's end.

    python benchmarks/study_transfer.py tables/ladder/S-base100-drawn.jsonl tables/ladder/M-drawn.jsonl

The product's own driver searches the patterns that both tables have, 24 trials and a repetition of the front, and ranks
them as it would in a real search: projected, with forecasts for what it stopped, and estimates from all runs. A line is
a design of the search, by its rungs:

- tau: Kendall's tau-b of the study's ranking with the larger model's qualities, mean over studies;
- other seed: the same between two studies that saw different seeds of the small table, over the patterns of both;
- freed: tau divided by the square root of the latter: what is left when the small model's noise is taken out. The
  larger model has one seed, whose noise stays in;
- front: hypervolume of the study's front by the larger model's qualities, as a share of that of all its patterns;
  reference: the worst of each objective. Most of what is missing are patterns that were not proposed;
- steps: optimiser steps of search and repetition.

"As measured" compares patterns without the projection.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import sqrt
from pathlib import Path
from statistics import fmean

from replay import KnownPatterns, ReplayExecutor
from search_methods.settings import study_settings
from search_methods.truth import load
from search_methods.whole_study import replay_study
from search_methods.world import World
from transfer import choice, values_at

from nas.ground_truth.file import read_table
from nas.patterns.model import ModelPattern
from nas.search.settings import StudySettings
from nas.statistics.pareto import Point
from nas.statistics.rank_agreement import kendall_tau

NUM_TRIALS = 24
DESIGNS = {
    "480, 960": (960, 2, 2, 20.0),
    "480, 960, as measured": (960, 2, 2, 0.0),
    "240, 480, 960": (960, 3, 2, 20.0),
    "480, 960, 1,920": (1920, 3, 2, 20.0),
    "480, 1,920": (1920, 2, 4, 20.0),
    "960, 1,920": (1920, 2, 2, 20.0),
}
"""Last rung, number of rungs, their ratio, and the tokens a parameter projected to; the default first."""


@dataclass(frozen=True)
class Told:
    """What one study told.

    Args:
        seed: of the small table.
        ranking: quality by pattern id.
        tau: with the larger model.
        front: share of the hypervolume.
        num_steps: optimiser steps.
    """

    seed: int
    ranking: Mapping[str, float]
    tau: float
    front: float
    num_steps: int


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__.partition("\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("small", type=Path, help="a table with two seeds and a rung of 1,920 steps")
    parser.add_argument("large", type=Path, help="a table of a larger model with the same choices")
    parser.add_argument("--studies", type=int, default=8, help="studies for each design")
    args = parser.parse_args()
    world = shared_world(args.small, args.large)
    print(f"{len(world.known)} patterns, {args.studies} studies of {NUM_TRIALS} trials each\n")
    print("| rungs | tau | other seed | freed | front | steps |\n|---|---|---|---|---|---|")
    for name, design in DESIGNS.items():
        settings = designed(world, *design)
        studies = [told(world, replace(settings, seed=seed)) for seed in range(args.studies)]
        print(f"| {name} | {line(studies)} |", flush=True)


def shared_world(small: Path, large: Path) -> World:
    """The patterns of the small table that the larger model has too, with its qualities as their values."""
    table, problem, truth = load(small)
    larger = read_table(large)
    ends = values_at(larger, larger.plan.rungs[-1])
    of_choice = {choice(larger, one): ends[one.pattern.id] for one in larger.plan.entries if one.pattern.id in ends}
    shared = [entry for entry in table.plan.entries if choice(table, entry) in of_choice]
    qualities = {entry.pattern.id: of_choice[choice(table, entry)] for entry in shared}

    def value(pattern: ModelPattern, judge: int | None) -> Point:
        return (qualities[pattern.id], *truth.values[pattern.id][1:])

    return World(
        settings=replace(study_settings(table, num_rungs=2, num_trials=NUM_TRIALS, num_steps=960), confirm_seeds=1),
        problem=replace(problem, space=KnownPatterns(problem.space, frozenset(qualities))),
        seeds=truth.seeds,
        rungs=truth.rungs,
        make_executor=lambda seeds: ReplayExecutor(table.rows, seeds, table.training, problem.target),
        value=value,
        known=tuple(entry.pattern for entry in shared),
        exact=True,
        full_run_flops=truth.full_run_flops,
    )


def designed(world: World, num_steps: int, num_rungs: int, ratio: int, project_to: float) -> StudySettings:
    """The settings of a study in the world that has these rungs."""
    training = replace(world.settings.training, num_steps=num_steps, num_rungs=num_rungs, rung_ratio=ratio)
    return replace(world.settings, training=training, project_to=project_to)


def told(world: World, settings: StudySettings) -> Told:
    """What a study with these settings tells."""
    study = replay_study(world, settings)
    patterns = {number: study.store.trials[number].pattern for number in study.ranking}
    quality = next(goal.name for goal in study.problem.objectives if not goal.objective.is_cost)
    ranked = {pattern: study.ranking[number][quality] for number, pattern in patterns.items() if pattern}
    tau = kendall_tau(list(ranked.values()), [world.value(pattern, None)[0] for pattern in ranked])
    assert tau is not None, "patterns differ"
    return Told(
        seed=world.seed_of(settings.seed, 0),
        ranking={pattern.id: value for pattern, value in ranked.items()},
        tau=tau,
        front=world.share(study.front),
        num_steps=study.num_steps,
    )


def line(studies: Sequence[Told]) -> str:
    """The columns of some studies."""
    tau = fmean(one.tau for one in studies)
    alike = fmean(agreement(one, other) for one, other in combinations(studies, 2) if one.seed != other.seed)
    front, steps = fmean(one.front for one in studies), fmean(one.num_steps for one in studies)
    return f"{tau:.2f} | {alike:.2f} | {tau / sqrt(alike):.2f} | {front:.3f} | {steps:,.0f}"


def agreement(one: Told, other: Told) -> float:
    """Kendall's tau-b of two rankings, over the patterns of both."""
    shared = sorted(one.ranking.keys() & other.ranking.keys())
    tau = kendall_tau([one.ranking[key] for key in shared], [other.ranking[key] for key in shared])
    assert tau is not None, "patterns differ"
    return tau


if __name__ == "__main__":
    main()
