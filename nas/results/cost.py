"""The cost of a pattern, as numbers with units."""

from msgspec.structs import asdict

from nas.results.codec import Value

UNITS = {
    "pairs": None,
    "tiles": None,
    "attention_flops": "FLOP",
    "tile_flops": "FLOP",
    "forward_flops": "FLOP",
    "decode_pairs": None,
    "kv_cache_bytes": "bytes",
    "train_flops": "FLOP",
    "activation_bytes": "bytes",
    "num_parameters": None,
}
"""The numbers of a `Cost` that reports show, with their units; None for a plain count."""


class Cost(Value, frozen=True, kw_only=True):
    """Costs of one sequence (batch of 1) for one target.

    Args:
        num_tokens: sequence length n, in tokens.
        pairs: pairs of a query and a row of keys that are compared, summed over layers and heads.
        tiles: blocks of queries and keys that a block-sparse kernel computes, summed over layers and heads.
        attention_flops: the attention core of one forward pass, in FLOP: 4 * d_head * pairs, plus what computed
            kinds and relative positions add.
        tile_flops: the attention core with all pairs of the tiles, in FLOP.
        forward_flops: one forward pass of the whole model, in FLOP.
        train_flops: one forward and backward pass of the whole model, in FLOP (3 * forward).
        decode_pairs: pairs of the last query, which is a decoding step at this length, summed over layers and heads.
        kv_cache_bytes: the largest KV cache while decoding, counting entries a later query can reach, in bytes.
        activation_bytes: activations kept for the backward pass, in bytes.
        num_parameters: parameters of the model.
    """

    num_tokens: int
    pairs: int
    tiles: int
    attention_flops: int
    tile_flops: int
    forward_flops: int
    train_flops: int
    decode_pairs: int
    kv_cache_bytes: int
    activation_bytes: int
    num_parameters: int

    def to_dict(self) -> dict[str, int]:
        """Each number under its name."""
        return asdict(self)

    def ratio_to(self, other: "Cost") -> dict[str, float]:
        """Each number as a share of another cost's, under the same names."""
        mine, theirs = self.to_dict(), other.to_dict()
        return {key: mine[key] / theirs[key] for key in mine}
