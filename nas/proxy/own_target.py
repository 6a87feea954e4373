"""The proxy as the model that costs are counted for."""

from typing import Protocol

from nas.costs.proxy_target import proxy_target
from nas.costs.target import Target
from nas.proxy.settings import ProxySettings


class Sized(Protocol):
    """What a target needs of a task, or of what a table says of one."""

    @property
    def num_tokens(self) -> int:
        """Sequence length n, in tokens."""

    @property
    def vocab_size(self) -> int:
        """Entries of the vocabulary."""


def own_target(proxy: ProxySettings, task: Sized) -> Target:
    """The target that a study has unless the user names another.

    Args:
        proxy: sizes of the proxy.
        task: what it is trained on.
    """
    return proxy_target(
        num_layers=proxy.num_layers,
        num_heads=proxy.num_heads,
        d_model=proxy.d_model,
        mlp_ratio=proxy.mlp_ratio,
        num_tokens=task.num_tokens,
        vocab_size=task.vocab_size,
    )
