"""The quality of a rung on longer sequences than it was trained on."""

from nas.proxy.network.layout import layout_for
from nas.proxy.state.cohort_state import CohortState
from nas.proxy.training.cohort_trainer import CohortTrainer
from nas.proxy.training.metrics import validate
from nas.results.measurement import LengthQuality
from nas.tasks.task import Task


def longer_qualities(state: CohortState, trainer: CohortTrainer) -> tuple[tuple[LengthQuality, ...], ...]:
    """Every member at each of `training.test_lengths` that the task and the cohort support, shortest first.

    Args:
        state: the end of a branch.
        trainer: the trainer of the state.
    """
    lengths = []
    for times in sorted(trainer.training.test_lengths):
        longer = trainer.task.longer(times)
        if longer is None or not _fits(state, longer, trainer):
            continue
        qualities = validate(state, longer, trainer.proxy, device=trainer.device, backend=trainer.backend)
        lengths.append(
            [LengthQuality(times=times, num_tokens=longer.num_tokens, quality=quality) for quality in qualities]
        )
    return tuple(zip(*lengths, strict=True)) if lengths else ((),) * len(state.members)


def _fits(state: CohortState, longer: Task, trainer: CohortTrainer) -> bool:
    """Whether the weights fit the longer task too, and no pattern is drawn on another grid."""
    return all(
        layout_for(member.pattern, trainer.proxy, longer) == layout_for(member.pattern, trainer.proxy, trainer.task)
        and member.pattern.grid in (None, longer.grid)
        for member in state.members
    )
