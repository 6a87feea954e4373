"""Heads as sequences and back."""

import torch

from nas.attention.pieces.sequences import Sequences, as_sequences, by_batch


def test_each_head_of_each_batch_entry_is_a_sequence() -> None:
    x = torch.arange(2 * 4 * 3 * 2).view(2, 4, 3, 2)
    rows = as_sequences(x, [0, 3, 1], torch.float64)
    assert rows.dtype == torch.float64
    expected = torch.stack([x[batch, head] for batch in range(2) for head in (0, 3, 1)])
    assert torch.equal(rows, expected.double())
    assert torch.equal(by_batch(rows, 2), x[:, [0, 3, 1]].double())


def test_a_part_holds_some_rows_of_every_tensor() -> None:
    tensors = [torch.arange(5 * width).view(5, 1, width) for width in (2, 2, 3, 2, 3, 1)]
    q, k, v, memory_keys, memory_values, chosen = tensors
    part = Sequences(q, k, v, memory_keys, memory_values, chosen, 0.5).part(slice(1, 3))
    fields = (part.q, part.k, part.v, part.memory_keys, part.memory_values, part.chosen)
    for ours, whole in zip(fields, tensors, strict=True):
        assert torch.equal(ours, whole[1:3])
