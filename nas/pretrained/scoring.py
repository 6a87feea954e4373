"""What a decoder gets on a task, as it attends at the moment."""

import torch

from nas.pretrained.decoder import Decoder
from nas.proxy.training.data import as_tensors
from nas.proxy.training.metrics import Tally
from nas.tasks.task import Task


@torch.no_grad()
def score(decoder: Decoder, task: Task, batch_size: int) -> float:
    """The task's metric on its whole validation set, in its unit.

    Args:
        decoder: attends as it should be scored.
        task: what is asked, token by token.
        batch_size: sequences at once.
    """
    tally = Tally(1, decoder.device)
    for batch in task.validation_batches(batch_size):
        tokens, targets, _ = as_tensors(batch, decoder.device)
        tally.add(decoder.logits(tokens).flatten(0, 1)[None], targets)
    (loss,), (accuracy,) = tally.losses(), tally.accuracies()
    return task.quality(loss, accuracy)
