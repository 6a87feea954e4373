"""The cost of a pattern, as numbers with units."""

from msgspec.structs import asdict, replace

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
        tiles: blocks of queries and keys that a block-sparse kernel computes, summed over layers and heads; None where
            the sequence has too many to be counted.
        attention_flops: the attention core of one forward pass, in FLOP: 4 * d_head * pairs, plus what computed
            kinds and relative positions add.
        tile_flops: the attention core with all pairs of the tiles, in FLOP; None without tiles.
        forward_flops: one forward pass of the whole model, in FLOP.
        train_flops: one forward and backward pass of the whole model, in FLOP (3 * forward).
        decode_pairs: pairs of the last query, which is a decoding step at this length, summed over layers and heads.
        kv_cache_bytes: the largest KV cache while decoding, counting entries a later query can reach, in bytes.
        activation_bytes: activations kept for the backward pass, in bytes.
        num_parameters: parameters of the model.
    """

    num_tokens: int
    pairs: int
    tiles: int | None
    attention_flops: int
    tile_flops: int | None
    forward_flops: int
    train_flops: int
    decode_pairs: int
    kv_cache_bytes: int
    activation_bytes: int
    num_parameters: int

    @property
    def counted(self) -> dict[str, int]:
        """Each number that was counted, under its name."""
        return {name: number for name, number in self.to_dict().items() if number is not None}

    def to_dict(self) -> dict[str, int | None]:
        """Each number under its name."""
        return asdict(self)

    def decoding_as(self, other: "Cost") -> "Cost":
        """This cost, with another's after the prompt: its decoding steps and its cache."""
        return replace(self, decode_pairs=other.decode_pairs, kv_cache_bytes=other.kv_cache_bytes)

    def ratio_to(self, other: "Cost") -> dict[str, float]:
        """Each number as a share of another cost's, under the same names; those that both have."""
        theirs = other.counted
        return {name: number / theirs[name] for name, number in self.counted.items() if name in theirs}
