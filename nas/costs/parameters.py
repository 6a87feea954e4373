"""Parameters of a model: those of the target, and those that a pattern adds."""

from nas.costs.target import Target
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import LowRank


def matrix_parameters(target: Target) -> int:
    """Entries of the matrices of all layers: query, key, value and output projections, and the MLP."""
    query_width = target.num_heads * target.d_head
    kv_width = target.num_kv_heads * target.d_head
    attention = 2 * target.d_model * query_width + 2 * target.d_model * kv_width
    mlp = (3 if target.gated_mlp else 2) * target.d_model * target.d_mlp
    return target.num_layers * (attention + mlp)


def target_parameters(target: Target) -> int:
    """Parameters of the target without biases.

    The embedding, the matrices, one vector for each of the two norms per layer and the final one, and the output
    matrix unless it is tied to the embedding.
    """
    embeddings = (1 if target.tied_embeddings else 2) * target.vocab_size * target.d_model
    return embeddings + matrix_parameters(target) + (2 * target.num_layers + 1) * target.d_model


def pattern_parameters(pattern: ModelPattern, target: Target, num_tokens: int) -> int:
    """Weights of learned positions, relative positions and `low_rank` projections, each used row counted once.

    Args:
        pattern: with the layers and heads of the target.
        target: gives the widths.
        num_tokens: the length that the weights are made for, in tokens.
    """
    weights = sum(_projection_ranks(pattern).values()) * num_tokens
    if pattern.position == "learned":
        weights += num_tokens * target.d_model
    if pattern.position == "relative":
        query_width = target.num_heads * target.d_head
        weights += pattern.num_layers * (2 * query_width + target.d_model * query_width)  # u, v and W
    return weights


def _projection_ranks(pattern: ModelPattern) -> dict[tuple[int | None, str], int]:
    """Rows of every projection in use: the largest rank of the heads that share it, since ranks nest."""
    ranks: dict[tuple[int | None, str], int] = {}
    for layer in pattern.layers:
        for primitive in (primitive for group in layer.heads for primitive in group.attend):
            if isinstance(primitive, LowRank):
                place = None if primitive.sharing == "layers" else layer.index
                for side in ("keys", "values") if primitive.sharing == "heads" else ("both",):
                    ranks[place, side] = max(ranks.get((place, side), 0), primitive.rank)
    return ranks
