"""Planning a table: from the settings of a study to its plan and its first line."""

import random
from collections.abc import Sequence

from nas.costs.counting import count_cost
from nas.errors import InputError
from nas.ground_truth.plan import BAND_EDGES, MOST_SEEDS, Plan, check_learning_rates
from nas.patterns.model import ModelPattern
from nas.proxy.training.schedule import rung_steps
from nas.results.table import TableEntry, TableHeader, TaskFacts
from nas.search.problem.problem import Problem
from nas.search.settings import StudySettings
from nas.space.enumerate import every_pattern
from nas.tasks.task import Task

SETTINGS = ("space", "task", "proxy", "training", "seed")
"""The settings of a study that determine a table."""


def make_plan(
    settings: StudySettings,
    problem: Problem,
    num_seeds: int,
    learning_rates: Sequence[float],
    num_patterns: int | None = None,
) -> Plan:
    """The plan of a table.

    The order of training is drawn once for all tables of a space: an unfinished table is a fair sample of the finished
    one.

    Args:
        settings: its training determines the rungs, its seed the first seed.
        problem: the space, task and proxy that the settings describe.
        num_seeds: seeds per pattern, 1 to MOST_SEEDS.
        learning_rates: compared in every band; different positive numbers.
        num_patterns: how many patterns of the space, the first ones of that order; the space's baselines are trained
            before them. None for the whole space and nothing else.

    Raises:
        InputError: an argument is out of range, or the space cannot be enumerated.
    """
    if not 1 <= num_seeds <= MOST_SEEDS:
        raise InputError("seeds", f"must be from 1 to {MOST_SEEDS}", num_seeds)
    check_learning_rates(learning_rates)
    rungs = rung_steps(settings.training)
    return Plan(
        entries=tuple(_entries(problem, num_patterns)),
        rungs=rungs,
        seeds=tuple(settings.seed * 1000 + index for index in range(num_seeds)),
        learning_rates=tuple(learning_rates),
        sweep_rung=rungs[max(0, len(rungs) - 2)],
    )


def _entries(problem: Problem, num_patterns: int | None) -> list[TableEntry]:
    """In the order of training."""
    listed = list(every_pattern(problem.sample))
    drawn = [
        TableEntry(params=params, pattern=pattern, band=band_of(pattern, problem))
        for params, pattern in random.Random(0).sample(listed, len(listed))
    ]
    if num_patterns is None:
        return drawn
    if not 1 <= num_patterns <= len(drawn):
        raise InputError("patterns", f"must be from 1 to {len(drawn)}, the patterns of the space", num_patterns)
    baselines = [
        TableEntry(params={}, pattern=pattern, band=band_of(pattern, problem), baseline=name)
        for name, pattern in problem.baselines.items()
    ]
    named = {entry.pattern.id for entry in baselines}
    return [*baselines, *(entry for entry in drawn[:num_patterns] if entry.pattern.id not in named)]


def band_of(pattern: ModelPattern, problem: Problem) -> int:
    """The density band of a pattern, from 0 for the sparsest."""
    share = count_cost(pattern, problem.target).attention_flops / problem.full_cost.attention_flops
    return sum(share >= edge for edge in BAND_EDGES)


def make_header(settings: StudySettings, task: Task, plan: Plan) -> TableHeader:
    """The first line of a table with this plan."""
    return TableHeader(
        settings={key: value for key, value in settings.to_document().items() if key in SETTINGS},
        task=TaskFacts(
            unit=task.metric.unit,
            direction=task.metric.direction,
            chance=task.chance,
            num_tokens=task.num_tokens,
            vocab_size=task.vocab_size,
        ),
        task_fingerprint=task.fingerprint,
        corpus_hash=task.corpus_fingerprint,
        rungs=plan.rungs,
        seeds=plan.seeds,
        learning_rates=plan.learning_rates,
        sweep_rung=plan.sweep_rung,
        patterns={entry.pattern.id: entry for entry in plan.entries},
    )
