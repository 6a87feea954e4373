"""Which KV heads of a decoder look back for what is asked: the order in which a split gives them full attention."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nas.pretrained.decoder import Decoder
from nas.pretrained.needle import NeedleTask

Place = tuple[int, int]
"""A layer and a KV head of it, both from 0."""


@dataclass(frozen=True, slots=True, eq=False)
class _Questions:
    """Places in a branched sequence.

    Args:
        starts: first token of each ending, shape (endings,).
        queries: the tokens whose targets are the answers, shape (endings, answers).
        keys: the tokens that should be copied there, same shape.
    """

    starts: Tensor
    queries: Tensor
    keys: Tensor


@torch.no_grad()
def retrieval_scores(
    decoder: Decoder, probe: NeedleTask, batch_size: int, on_batch: Callable[[], None] = lambda: None
) -> Tensor:
    """How much of its attention each KV head spends on the token that must be copied, with full attention everywhere.

    The mean over the probe's questions of the softmax weight from the token that answers to the value token that is the
    answer; of the query heads that share a KV head, the one that spends most counts.

    Args:
        decoder: is left with full attention.
        probe: asks.
        batch_size: texts at once.
        on_batch: called after each batch.

    Returns:
        float32, shape (layers, KV heads), 0 to 1.

    Source: Wu et al. 2024 ("Retrieval Head Mechanistically Explains Long-Context Factuality"), section 2, who count how
    often a head's highest weight lies on the token to be copied; the weight itself needs fewer questions.
    """
    sizes, branches = decoder.dimensions, probe.branches
    questions = _Questions(
        starts=torch.tensor(branches.starts(), device=decoder.device),
        queries=torch.from_numpy(probe.answer_places()).to(decoder.device),
        keys=torch.from_numpy(probe.value_places()).to(decoder.device),
    )
    sums, num_texts = torch.zeros(sizes.num_layers, sizes.num_heads, device=decoder.device), 0
    decoder.attend_fully()

    def watch(layer: int, query: Tensor, key: Tensor) -> None:
        sums[layer] += _weights(query, key, questions).sum(dim=(0, 2))

    decoder.plug.on_heads = watch
    try:
        for batch in probe.branched_batches(batch_size):
            num_texts += len(batch.tokens)
            with decoder.reading(torch.from_numpy(batch.tokens), branches, share=False) as logits_at:
                logits_at(torch.zeros(1, dtype=torch.int64, device=decoder.device))
            on_batch()
    finally:
        decoder.plug.on_heads = None
    means = (sums / (num_texts * questions.queries.numel())).view(
        sizes.num_layers, sizes.num_kv_heads, sizes.heads_per_kv
    )
    return means.amax(dim=2).cpu()


def ranked_heads(scores: Sequence[Sequence[float]]) -> tuple[Place, ...]:
    """Every (layer, KV head), the one that retrieves most first.

    Args:
        scores: of every KV head, by layer.
    """
    places = [(layer, head) for layer, row in enumerate(scores) for head in range(len(row))]
    return tuple(sorted(places, key=lambda place: -scores[place[0]][place[1]]))


def _weights(query: Tensor, key: Tensor, questions: _Questions) -> Tensor:
    """Softmax weight of each asked pair, shape (batch, query heads, questions).

    Args:
        query: shape (batch, query heads, tokens, d), scaled, positions applied.
        key: shape (batch, KV heads, tokens, d).
        questions: whose pairs are asked for.
    """
    keys = key.repeat_interleave(query.shape[1] // key.shape[1], dim=1).float()
    rows, answers = questions.queries.flatten(), questions.keys.flatten()
    starts = questions.starts[:, None].expand_as(questions.queries).flatten()
    scores = query[:, :, rows].float() @ keys.transpose(2, 3)
    place = torch.arange(key.shape[2], device=key.device)
    seen = (place < questions.starts[0]) | ((place >= starts[:, None]) & (place <= rows[:, None]))
    weights = scores.masked_fill(~seen, float("-inf")).softmax(dim=3)
    found: Tensor = weights.gather(3, answers[None, None, :, None].expand(*weights.shape[:2], -1, 1)).squeeze(3)
    return found
