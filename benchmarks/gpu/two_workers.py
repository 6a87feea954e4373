"""Two spawned workers on one device, beside one: steps a second together, and whether their scores agree."""

import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

from .place import head, parse, row
from .workload import QUICK, TINY


@dataclass(frozen=True, slots=True)
class Share:
    """What one worker did: when it began and ended (s since the epoch), and its scores."""

    began: float
    ended: float
    scores: tuple[float | None, ...]


def main(words: Sequence[str] | None = None) -> None:
    place = parse(__doc__, words)
    rung = 4 if place.small else 120
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:  # both start with the first job, and load what they need
        alone, together = (at_once(pool, count, str(place.device), place.small, rung) for count in (1, 2))
    head("workers", "members each", "steps/s of all members", "largest difference of a score")
    for shares in (alone, together):
        seconds = max(one.ended for one in shares) - min(one.began for one in shares)
        num_members = sum(len(one.scores) for one in shares)
        row(
            str(len(shares)),
            str(len(shares[0].scores)),
            f"{num_members * rung / seconds:.0f}",
            f"{max(difference(alone[0], one) for one in shares):.1e}",
        )


def at_once(pool: ProcessPoolExecutor, num_workers: int, device: str, small: bool, rung: int) -> list[Share]:
    """The same cohort in each of some processes."""
    waiting = [pool.submit(work, device, small, rung) for _ in range(num_workers)]
    return [one.result() for one in waiting]


def work(device: str, small: bool, rung: int) -> Share:
    """Train and score a cohort; the first two steps, which load what is needed, are not counted."""
    workload = TINY if small else QUICK
    workload = replace(workload, training=replace(workload.training, num_steps=rung, num_rungs=1, test_lengths=[]))
    members, trainer = workload.members(2 if small else 8), workload.trainer(device)
    trainer.train(trainer.initial(members), 2)
    evaluator, began = workload.evaluator(device), time.time()
    measured = evaluator.evaluate(members, rung)
    return Share(began, time.time(), tuple(one.quality for one in measured))


def difference(one: Share, other: Share) -> float:
    """The largest difference of two scores; infinite where one is missing."""
    pairs = zip(one.scores, other.scores, strict=True)
    return max(float("inf") if ours is None or theirs is None else abs(ours - theirs) for ours, theirs in pairs)


if __name__ == "__main__":
    main()
