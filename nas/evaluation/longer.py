"""A rung on longer sequences than it was trained on."""

from nas.proxy.network.layout import layout_for
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.proxy.state.cohort_state import CohortState
from nas.proxy.training.validation import validate
from nas.results.measurement import LengthQuality
from nas.tasks.task import Task


def longer_qualities(
    state: CohortState, task: Task, proxy: ProxySettings, training: TrainingSettings, *, device: str, backend: str
) -> tuple[tuple[LengthQuality, ...], ...]:
    """Every member at each of `training.test_lengths` that the task and the cohort can have, shortest first.

    Args:
        state: the end of a branch.
        task: what was learnt.
        proxy: sizes of the model.
        training: its lengths and batch size; a batch has about as many tokens as in training.
        device: cpu, cuda or cuda:N.
        backend: how attention runs; see `nas.attention.module.attend`.
    """
    lengths = []
    for times in sorted(training.test_lengths):
        longer = task.longer(times)
        if longer is None or not _fits(state, task, longer, proxy):
            continue
        batch_size = max(1, training.batch_size // times)
        qualities = validate(state, longer, proxy, batch_size, device=device, backend=backend)
        lengths.append(
            [LengthQuality(times=times, num_tokens=longer.num_tokens, quality=quality) for quality in qualities]
        )
    return tuple(zip(*lengths, strict=True)) if lengths else ((),) * len(state.members)


def _fits(state: CohortState, task: Task, longer: Task, proxy: ProxySettings) -> bool:
    """Whether the weights are the right ones for the longer task too, and no pattern is drawn on another grid."""
    patterns = [member.pattern for member in state.members]
    same_weights = all(layout_for(pattern, proxy, longer) == layout_for(pattern, proxy, task) for pattern in patterns)
    return same_weights and all(pattern.grid in (None, longer.grid) for pattern in patterns)
