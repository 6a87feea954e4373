"""The part of a model that no pattern changes: its matrices."""

from nas.costs.target import Target


def layer_matrix_parameters(target: Target) -> int:
    """Entries of one layer's matrices: query, key, value and output projections, and the MLP."""
    query_width = target.num_heads * target.d_head
    kv_width = target.num_kv_heads * target.d_head
    attention = 2 * target.d_model * query_width + 2 * target.d_model * kv_width
    mlp = (3 if target.gated_mlp else 2) * target.d_model * target.d_mlp
    return attention + mlp


def matrix_flops(target: Target, num_tokens: int) -> int:
    """One forward pass through all matrices, in FLOP: 2 * m * n * k for each product.

    The output matrix is multiplied at every token; looking up an embedding costs nothing. Norms, softmax,
    activation functions, rotary positions and biases are not counted (docs/costs.md).
    """
    entries = target.num_layers * layer_matrix_parameters(target) + target.d_model * target.vocab_size
    return 2 * num_tokens * entries


def num_parameters(target: Target) -> int:
    """Parameters of the model without biases.

    The embedding, the matrices, a vector for each of two norms a layer and one at the end, and the output matrix
    unless it is the embedding.
    """
    embeddings = (1 if target.tied_embeddings else 2) * target.vocab_size * target.d_model
    layer = layer_matrix_parameters(target) + 2 * target.d_model
    return embeddings + target.num_layers * layer + target.d_model
