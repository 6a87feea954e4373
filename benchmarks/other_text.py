"""Whether a front that was found on one text holds on another: its points and baselines, scored on both.

    python benchmarks/other_text.py runs/checkpoint other-text

Reads a study of evaluation=checkpoint, and scores with the checkpoint's own weights what is on its front, and its
baselines, on other text by settings that are the study's otherwise. Prints a row for each pattern, how many of the
baselines but full attention each point dominates here and there, and Kendall's tau of the two orders. Nothing is
written.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from scipy import stats

from nas.config.read import read_settings
from nas.errors import NasError
from nas.proxy.member import Member
from nas.results.front import Front, FrontEntry
from nas.results.study import StudyReader
from nas.search.executors.choose import make_setup
from nas.search.executors.jobs import Job
from nas.search.executors.trainer import Trainer
from nas.search.problem.problem import make_problem
from nas.search.settings import StudySettings
from nas.statistics.pareto import Point, dominates
from nas.tasks.language.text import TextSettings

Values = dict[str, float]


def entries(front: Front) -> list[FrontEntry]:
    """Baselines, then points of the front that are none, each once."""
    sampled = [point for point in front.points if point.baseline is None]
    return [*front.baselines, *sampled]


def scored(settings: StudySettings, found: Sequence[FrontEntry]) -> list[Values]:
    """The objectives of patterns by these settings; costs are those that the entries have."""
    problem = make_problem(settings)
    setup = make_setup(settings, problem)
    trainer, every = Trainer(setup, "cpu", 1), []
    for entry in found:
        values = dict(entry.values)
        for task in problem.tasks:
            member = Member(pattern=entry.pattern, seed=0, learning_rate=settings.training.learning_rate)
            job = Job(
                trials=(entry.trial,),
                folders=(Path(),),
                members=(member,),
                task=task,
                rung=1,
                seed=0,
                conditions=setup.conditions(task),
            )
            (measured,) = trainer.train(job, lambda *_: None).measurements
            if measured.quality is None:
                raise NasError(f"trial {entry.trial} has no score on {task}: {measured.reason}.")
            values[f"quality_{task}" if len(problem.tasks) > 1 else "quality"] = measured.quality
        every.append(values)
    return every


def num_dominated(front: Front, own: Values, baselines: Sequence[Values]) -> int:
    """How many baselines a point is at least as good as in every objective, and better in one."""
    return sum(dominates(_point(front, own), _point(front, other)) for other in baselines)


def _point(front: Front, values: Values) -> Point:
    return tuple(goal.sign * values[goal.name] for goal in front.objectives)


def main(words: Sequence[str] | None = None) -> None:
    """Score and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", help="a folder")
    parser.add_argument("text", help="another file or folder of text")
    options = parser.parse_args(words)
    study = StudyReader.existing(options.study)
    front, found = study.front(), entries(study.front())
    settings = read_settings(StudySettings, study.settings_document() or {})
    assert isinstance(settings.task, TextSettings), "a checkpoint reads text"
    there = scored(replace(settings, task=replace(settings.task, path=options.text), device="cpu"), found)
    here = [entry.values for entry in found]
    baselines = [index for index, entry in enumerate(found) if entry.baseline not in (None, "full")]
    qualities = [goal for goal in front.objectives if not goal.is_cost]
    heads = [f"{goal.name}, {goal.unit}: here | there" for goal in qualities]
    print(f"| pattern | KV cache | {' | '.join(heads)} | baselines dominated: here | there |")
    print(f"|{'---|' * (4 + 2 * len(qualities))}")
    for entry, *both in zip(found, here, there, strict=True):
        scores = [f"{values[goal.name]:.4f}" for goal in qualities for values in both]
        texts = zip(both, (here, there), strict=True)
        counts = [str(num_dominated(front, own, [every[index] for index in baselines])) for own, every in texts]
        name, cache = entry.baseline or f"trial {entry.trial}", f"{entry.ratio_to_full['kv_cache_bytes']:.2f}x"
        print(f"| {' | '.join([name, cache, *scores, *counts])} |")
    for goal in qualities:
        tau = stats.kendalltau([one[goal.name] for one in here], [one[goal.name] for one in there]).statistic
        print(f"Kendall's tau of {len(found)} patterns in {goal.name}: {tau:.2f}")


if __name__ == "__main__":
    main()
