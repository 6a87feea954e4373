"""Validating a cohort that is not being trained."""

import torch

from nas.proxy.network.model import CohortTransformer
from nas.proxy.settings import ProxySettings
from nas.proxy.state.cohort_state import CohortState
from nas.proxy.training.scoring import Tally
from nas.tasks.task import Task


@torch.no_grad()
def validate(
    state: CohortState, task: Task, proxy: ProxySettings, batch_size: int, *, device: str, backend: str = "auto"
) -> tuple[float, ...]:
    """The task's metric of every member on the whole validation set, in its unit.

    Args:
        state: whose weights; they must fit the task.
        task: what is asked.
        proxy: sizes of the model.
        batch_size: sequences at once.
        device: cpu, cuda or cuda:N.
        backend: how attention runs; see `nas.attention.module.attend`.
    """
    place = torch.device(device)
    patterns = [member.pattern for member in state.members]
    model = CohortTransformer(state.weights, patterns, proxy, task, backend).to(place)
    tally = Tally(len(patterns), place)
    with torch.autocast(place.type, torch.bfloat16, enabled=place.type == "cuda"):  # as in training
        for batch in task.validation_batches(batch_size):
            context = None if batch.context is None else batch.context.to(place)
            tally.add(model(batch.tokens.to(place), context), batch.targets.to(place))
    return tuple(map(task.quality, tally.losses(), tally.accuracies()))
