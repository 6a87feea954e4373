"""The target that a study has unless the user names another: the proxy itself."""

from nas.costs.target import Target


def proxy_target(
    *,
    num_layers: int,
    num_heads: int,
    num_tokens: int,
    d_model: int | None = None,
    mlp_ratio: int = 4,
    vocab_size: int = 256,
) -> Target:
    """The proxy model itself as a target.

    Args:
        num_layers: layers of the proxy.
        num_heads: heads a layer, each with its own keys and values.
        num_tokens: sequence length n, in tokens.
        d_model: width of the residual stream, in features; None for 16 features a head.
        mlp_ratio: width of the MLP as a multiple of d_model.
        vocab_size: entries of the vocabulary.
    """
    d_model = 16 * num_heads if d_model is None else d_model
    return Target(
        name="proxy",
        num_tokens=num_tokens,
        num_layers=num_layers,
        num_heads=num_heads,
        num_kv_heads=num_heads,
        d_model=d_model,
        d_head=d_model // num_heads,
        d_mlp=mlp_ratio * d_model,
        vocab_size=vocab_size,
    )
