"""A cohort that does not fit into memory: it is halved until it does, and no trial is lost.

On a GPU torch may use only a fraction of the memory, half of what the whole cohort takes. On a CPU, whose memory is not
limited here, more than half of the members at once count as too many.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import torch

from nas.proxy.member import Member
from nas.proxy.state.cohort_state import CohortState
from nas.proxy.training.cohort_trainer import CohortTrainer

from .place import Place, head, mib, parse, row
from .workload import QUICK, TINY, Workload


def main(words: Sequence[str] | None = None) -> None:
    place = parse(__doc__, words)
    workload, count, rung = (TINY, 4, 2) if place.small else (QUICK, 64, 4)
    members = workload.members(count)
    needed = bytes_of(workload, members, place)
    with limited(count // 2, needed, place), counted() as trained:
        measured = workload.evaluator(str(place.device)).evaluate(members, rung)
    outcomes = sorted({one.outcome.value for one in measured})
    head("members", "all at once, MiB", "largest cohort tried", "cohorts tried, in order", "outcomes", "lost")
    lost = sum(one.quality is None for one in measured)
    tried = ", ".join(map(str, trained))
    row(str(count), mib(needed), str(max(trained)), tried, ", ".join(outcomes), str(lost))


def bytes_of(workload: Workload, members: Sequence[Member], place: Place) -> int | None:
    """What a step of all members takes at most; None on a CPU."""
    trainer = workload.trainer(str(place.device))
    return place.peak_bytes(lambda: trainer.train(trainer.initial(members), 1))


@contextmanager
def limited(most_members: int, needed: int | None, place: Place) -> Iterator[None]:
    """Room for half of the memory that is needed, or of the members."""
    if needed is not None:
        torch.cuda.empty_cache()
        total = torch.cuda.get_device_properties(place.device).total_memory
        torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_allocated() + needed / 2) / total, place.device)
        try:
            yield
        finally:
            torch.cuda.set_per_process_memory_fraction(1.0, place.device)
        return
    train = CohortTrainer.train

    def refuse(trainer: CohortTrainer, state: CohortState, *rest: Any) -> CohortState:
        if len(state.members) > most_members:
            raise torch.OutOfMemoryError("as many members as fit, and more")
        return train(trainer, state, *rest)

    with patch.object(CohortTrainer, "train", refuse):
        yield


@contextmanager
def counted() -> Iterator[list[int]]:
    """The members of every cohort that begins to train."""
    sizes, train = list[int](), CohortTrainer.train

    def listen(trainer: CohortTrainer, state: CohortState, *rest: Any) -> CohortState:
        sizes.append(len(state.members))
        return train(trainer, state, *rest)

    with patch.object(CohortTrainer, "train", listen):
        yield sizes


if __name__ == "__main__":
    main()
