"""What a decoder scores on a task as it attends at the moment: logits are made only where they are scored."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from nas.pretrained.branches import can_branch
from nas.pretrained.decoder import Decoder
from nas.pretrained.needle import NeedleTask
from nas.proxy.training.data import as_tensors
from nas.proxy.training.metrics import Tally
from nas.tasks.task import IGNORED_TARGET, Task

LOGITS_BYTES = 2**27
"""Most logits that are held at once, in bytes."""


@dataclass(frozen=True, slots=True)
class Scored:
    """What a validation set says of a decoder.

    Args:
        loss: mean cross-entropy, in nats per scored token.
        accuracy: share of scored tokens that are the model's first choice, 0 to 1.
    """

    loss: float
    accuracy: float


def score_task(
    decoder: Decoder,
    task: Task,
    batch_size: int,
    *,
    share: bool = False,
    keep: bool = True,
    on_batch: Callable[[], None] = lambda: None,
) -> Scored:
    """A task's whole validation set, token by token.

    Args:
        decoder: attends as it is scored.
        task: what is asked.
        batch_size: sequences at once.
        share: whether states between layers are shared with other patterns; see `Decoder.reading`.
        keep: whether they are then left for others.
        on_batch: called after each batch.
    """
    tally = Tally(1, decoder.device)
    with torch.no_grad():
        for batch in task.validation_batches(batch_size):
            tokens, targets, _ = as_tensors(batch, decoder.device)
            scored = (targets != IGNORED_TARGET).any(dim=0).nonzero()[:, 0]
            with decoder.reading(tokens, share=share, keep=keep) as logits_at:
                for places in in_chunks(scored, decoder, len(tokens)):
                    tally.add(logits_at(places).flatten(0, 1)[None], targets[:, places])
            on_batch()
    return _of(tally)


def score_depths(
    decoder: Decoder,
    probe: NeedleTask,
    batch_size: int,
    *,
    share: bool = False,
    on_batch: Callable[[], None] = lambda: None,
) -> dict[str, Scored]:
    """A probe at each of its depths, by the name of the part.

    Questions about one text share a pass wherever the pattern lets them and is used in both phases; the scores are
    those of a pass for each.

    Args:
        decoder: attends as it is scored.
        probe: what is asked.
        batch_size: texts at once.
        share: whether states between layers are shared with other patterns; see `Decoder.reading`.
        on_batch: called after each batch.
    """
    if decoder.plug.phase != "both" or not can_branch(decoder.plug.heads):
        parts = probe.parts.items()
        return {name: score_task(decoder, part, batch_size, share=share, on_batch=on_batch) for name, part in parts}
    places = torch.from_numpy(probe.answer_places()).to(decoder.device)
    tallies = {name: Tally(1, decoder.device) for name in probe.parts}
    with torch.no_grad():
        for batch in probe.branched_batches(batch_size):
            answers = torch.from_numpy(batch.answers).to(decoder.device)
            with decoder.reading(torch.from_numpy(batch.tokens), probe.branches, share=share) as logits_at:
                logits = logits_at(places.flatten())
            for depth, (tally, of_depth) in enumerate(zip(tallies.values(), logits.chunk(len(places), 1), strict=True)):
                tally.add(of_depth.flatten(0, 1)[None], answers[:, depth])
            on_batch()
    return {name: _of(tally) for name, tally in tallies.items()}


def in_chunks(places: Tensor, decoder: Decoder, batch_size: int) -> Iterator[Tensor]:
    """Places, shape (places,), in parts whose logits may be held at once."""
    most = max(1, LOGITS_BYTES // (4 * batch_size * decoder.dimensions.vocab_size))
    for start in range(0, len(places), most):
        yield places[start : start + most]


def _of(tally: Tally) -> Scored:
    (loss,), (accuracy,) = tally.losses(), tally.accuracies()
    return Scored(loss, accuracy)
