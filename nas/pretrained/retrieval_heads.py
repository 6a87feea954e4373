"""Which KV heads of a decoder look back for what is asked: the order in which a split gives them full attention."""

import torch
from torch import Tensor

from nas.pretrained.decoder import Decoder
from nas.pretrained.needle import NeedleTask

Place = tuple[int, int]
"""A layer and a KV head of it, both from 0."""


@torch.no_grad()
def retrieval_scores(decoder: Decoder, probe: NeedleTask, batch_size: int) -> Tensor:
    """How much of its attention each KV head spends on the token that must be copied, with full attention everywhere.

    The mean over the probe's questions of the softmax weight from the token that answers to the value token that is the
    answer; of the query heads that share a KV head, the one that spends most counts.

    Args:
        decoder: is left with full attention.
        probe: asks.
        batch_size: sequences at once.

    Returns:
        float32, shape (layers, KV heads), 0 to 1.

    Source: Wu et al. 2024 ("Retrieval Head Mechanistically Explains Long-Context Factuality"), section 2, who count how
    often a head's highest weight lies on the token to be copied; the weight itself needs fewer questions.
    """
    sizes, places = decoder.dimensions, torch.from_numpy(probe.question_places())
    sums = torch.zeros(sizes.num_layers, sizes.num_heads, device=decoder.device)
    decoder.attend_fully()
    done = 0
    for batch in probe.validation_batches(batch_size):
        asked = places[done : done + len(batch.tokens)].to(decoder.device)
        done += len(batch.tokens)

        def watch(layer: int, query: Tensor, key: Tensor, asked: Tensor = asked) -> None:
            sums[layer] += _weights(query, key, asked).sum(dim=(0, 2))

        decoder.logits(torch.from_numpy(batch.tokens), watch)
    means = (sums / places[:, 0].numel()).view(sizes.num_layers, sizes.num_kv_heads, sizes.heads_per_kv)
    return means.amax(dim=2).cpu()


def ranked_heads(scores: Tensor) -> tuple[Place, ...]:
    """Every (layer, KV head), the one that retrieves most first.

    Args:
        scores: shape (layers, KV heads).
    """
    order = torch.argsort(scores.flatten(), descending=True, stable=True).tolist()
    return tuple(divmod(place, scores.shape[1]) for place in order)


def _weights(query: Tensor, key: Tensor, asked: Tensor) -> Tensor:
    """Softmax weight of each asked pair, shape (batch, query heads, questions).

    Args:
        query: shape (batch, query heads, tokens, d), scaled, positions applied.
        key: shape (batch, KV heads, tokens, d).
        asked: shape (batch, 2, questions): the places of the query and of the key.
    """
    keys = key.repeat_interleave(query.shape[1] // key.shape[1], dim=1).float()
    rows = asked[:, 0, None, :, None].expand(-1, query.shape[1], -1, query.shape[3])
    scores = query.float().gather(2, rows) @ keys.transpose(2, 3)
    later = torch.arange(key.shape[2], device=key.device) > asked[:, 0, None, :, None]
    weights = scores.masked_fill(later, float("-inf")).softmax(dim=3)
    answers = asked[:, 1, None, :, None].expand(-1, query.shape[1], -1, 1)
    found: Tensor = weights.gather(3, answers).squeeze(3)
    return found
