"""The reach of a pattern, the share of pairs that it connects, layer by layer, from the profiles of its heads."""

import numpy as np
from scipy import fft

from nas.search.modelling.head_profile import Floats, pairs_by_distance, step_of_distance, tokens_in_a_step


def reach_by_layer(profiles: Floats, num_tokens: int, causal: bool) -> Floats:
    """Share of pairs that are connected after each layer, as if all queries saw the same distances.

    Two tokens are as connected as there are paths between them, up to 1. For windows and strides of up to MOST_STEPS
    tokens this equals `nas.patterns.reach`, otherwise it is near it; it takes convolutions instead of products of n x n
    matrices.

    Args:
        profiles: `HeadProfile.passing` of layers, shape (m, layers, steps).
        num_tokens: sequence length n, in tokens.
        causal: whether no key is later than its query.

    Returns:
        shape (m, layers), 0 to 1.
    """
    in_a_step = tokens_in_a_step(num_tokens)
    pairs = np.bincount(step_of_distance(num_tokens, causal), pairs_by_distance(num_tokens, causal)[0])
    num_models, num_layers, num_steps = profiles.shape
    ahead = num_steps if causal else (num_steps + 1) // 2
    size = fft.next_fast_len((2 if causal else 3) * ahead, real=True)  # what wraps around lands beyond all distances
    behind = size - (num_steps - ahead)
    wrapped = np.zeros((num_models, num_layers, size), dtype=np.float32)
    wrapped[..., :ahead], wrapped[..., behind:] = profiles[..., :ahead], profiles[..., ahead:]
    itself = np.float32(1 / in_a_step)
    wrapped[..., 0] = np.maximum(wrapped[..., 0], itself)  # the residual stream
    moves = fft.rfft(wrapped, axis=-1) * np.float32(in_a_step)
    connected = np.zeros((num_models, size), dtype=np.float32)
    connected[:, 0] = itself
    reached = np.zeros((num_models, num_layers), dtype=np.float32)
    for layer in range(num_layers):
        paths = fft.irfft(fft.rfft(connected, axis=-1) * moves[:, layer], size, axis=-1)
        paths[:, ahead:behind] = 0
        connected = np.clip(paths, 0, 1)
        shares = connected[:, :ahead] @ pairs[:ahead] + connected[:, behind:] @ pairs[ahead:]
        reached[:, layer] = shares / pairs.sum()
    return reached
