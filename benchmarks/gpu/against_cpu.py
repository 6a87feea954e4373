"""Do patterns score on a GPU as they do on a CPU? Sixteen of them, trained to the rung of 480 steps.

    python -m benchmarks.gpu.against_cpu --device cpu --prepare    # first, on a CPU: half an hour of one core

The scores of the CPU are of two seeds of the weights, so that a difference between devices stands beside the one
between seeds. The task is drawn, so that it is the same with every version of Python.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean

import torch

from nas.evaluation.scratch import ScratchEvaluator
from nas.proxy.member import Member
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.search_spaces.hybrid import Hybrid
from nas.space.random_suggester import RandomSuggester
from nas.space.space import Shape
from nas.statistics.rank_agreement import kendall_tau, pooled_deviation
from nas.tasks.vision.image import ImageSettings, NextPixelTask

from .place import Place, head, parse, row

PREPARED = Path(__file__).with_name("cpu_scores.json")
SEEDS = (0, 1)
AT_ONCE = 4
"""Patterns that a CPU trains at once."""


@dataclass(frozen=True, kw_only=True)
class CpuScores:
    """What a CPU said.

    Args:
        task: fingerprint of the task.
        torch: the version.
        scores: bits per pixel of every pattern, one list for each of SEEDS.
    """

    task: str
    torch: str
    scores: list[list[float]]


def main(words: Sequence[str] | None = None) -> None:
    given = list(sys.argv[1:] if words is None else words)
    prepare = "--prepare" in given
    place = parse(__doc__, [word for word in given if word != "--prepare"])
    if prepare:
        PREPARED.write_text(json.dumps(asdict(on_a_cpu(place.small)), indent=2) + "\n")
        return
    if not place.small and not PREPARED.exists():
        print(f"Not run: there is no {PREPARED.name}. Make it on a CPU with --prepare.")
        return
    compare(on_a_cpu(small=True) if place.small else CpuScores(**json.loads(PREPARED.read_text())), place)


def on_a_cpu(small: bool) -> CpuScores:
    """Train everything on a CPU, in float32."""
    scores = []
    for seed in SEEDS:
        members = some_members(seed, small)
        parts = [members[first : first + AT_ONCE] for first in range(0, len(members), AT_ONCE)]
        scores.append([score for part in parts for score in scores_on("cpu", part, small)])
    return CpuScores(task=task(small).fingerprint, torch=torch.__version__, scores=scores)


def compare(cpu: CpuScores, place: Place) -> None:
    """Train those of the first seed on the device, and print both."""
    if cpu.task != task(place.small).fingerprint:
        print("The task has changed since the scores of a CPU were made: run --prepare again.")
        return
    first, second = cpu.scores
    ours = scores_on(str(place.device), some_members(SEEDS[0], place.small), place.small)
    head("pattern", "CPU, float32", "this device", "difference", "CPU, another seed")
    for number, (one, other, here) in enumerate(zip(first, second, ours, strict=True)):
        row(str(number), f"{one:.4f}", f"{here:.4f}", f"{here - one:+.4f}", f"{other:.4f}")
    between_devices = pooled_deviation(list(zip(first, ours, strict=True)))
    between_seeds = pooled_deviation(list(zip(first, second, strict=True)))
    shift = fmean(here - one for here, one in zip(ours, first, strict=True))
    print(
        f"\nStandard deviation between devices {between_devices:.4f}, between seeds {between_seeds:.4f}, mean shift "
        f"{shift:+.4f} bits per pixel; Kendall's tau of the two rankings {kendall_tau(first, ours)}, of two seeds "
        f"{kendall_tau(first, second)}. The CPU ran torch {cpu.torch}."
    )


def scores_on(device: str, members: Sequence[Member], small: bool) -> list[float]:
    """Bits per pixel of a cohort at the last rung."""
    proxy, training = sizes(small)
    evaluator = ScratchEvaluator(task(small), proxy, training, data_seed=0, device=device)
    measured = evaluator.evaluate(members, training.num_steps)
    return [float("nan") if one.quality is None else one.quality for one in measured]


def some_members(seed: int, small: bool) -> list[Member]:
    """Random patterns of the default space, always the same."""
    proxy, training = sizes(small)
    shape = Shape(
        num_layers=proxy.num_layers, num_heads=proxy.num_heads, num_tokens=task(small).num_tokens, causal=True
    )
    drawn = [Hybrid().sample(RandomSuggester(number), shape) for number in range(3 if small else 16)]
    return [Member(pattern=one, seed=seed, learning_rate=training.learning_rate) for one in drawn]


def sizes(small: bool) -> tuple[ProxySettings, TrainingSettings]:
    """The proxy of the default search, and steps of as many tokens as two of its own."""
    if small:
        return ProxySettings(num_layers=1, num_heads=2, d_model=16), TrainingSettings(num_steps=4, batch_size=1)
    return ProxySettings(), TrainingSettings(num_steps=480, batch_size=2)


def task(small: bool) -> NextPixelTask:
    """The next pixel of drawn outlines: 576 tokens, enough for FlexAttention to be chosen."""
    sequences = 2 if small else 64
    settings = ImageSettings(
        source="shapes", prediction="next", side=16 if small else 24, validation_sequences=sequences
    )
    return NextPixelTask(settings)


if __name__ == "__main__":
    main()
