"""The transfer between the proxy that is trained and the target that is meant: one choice in both forms."""

from dataclasses import dataclass
from functools import lru_cache
from math import gcd

from nas.costs.target import Target
from nas.errors import InputError
from nas.patterns.carry import carried
from nas.patterns.model import ModelPattern
from nas.patterns.primitives.scale import CarryRules
from nas.patterns.stretch import LEAST_WITH_ENDS, stretched
from nas.proxy.settings import ProxySettings


@dataclass(frozen=True, slots=True)
class Transfer:
    """How a pattern goes from one to the other.

    The target's length is a whole multiple of the proxy's, so what the proxy can tell apart is carried without
    rounding, and back again to the same pattern.

    Args:
        proxy_tokens: length of the proxy's sequences, in tokens.
        target_tokens: the target's, in tokens.
        num_layers: of the target.
        num_heads: query heads of the target.
        num_parts: groups of heads that can attend differently: as many as divide the heads of the proxy and the KV
            heads of the target, since query heads that share a KV head attend alike.
        rules: by kind of size.
    """

    proxy_tokens: int
    target_tokens: int
    num_layers: int
    num_heads: int
    num_parts: int
    rules: CarryRules

    @property
    def grain(self) -> int:
        """How many tokens of the target the proxy sees as one."""
        return self.target_tokens // self.proxy_tokens

    def trained(self, pattern: ModelPattern) -> ModelPattern:
        """A pattern of the target's length as the proxy can have it; sizes that it cannot tell apart fall together.

        Raises:
            PatternError: a size comes to nothing there.
        """
        return carried(pattern, self.target_tokens, self.proxy_tokens, self.rules)[0]

    def meant(self, pattern: ModelPattern) -> ModelPattern:
        """What a pattern of the proxy stands for in all layers and heads of the target."""
        return _meant(self, pattern)


@lru_cache(maxsize=1024)  # a long search meets hundreds of thousands
def _meant(transfer: Transfer, pattern: ModelPattern) -> ModelPattern:
    long = carried(pattern, transfer.proxy_tokens, transfer.target_tokens, transfer.rules)[0]
    return stretched(long, transfer.num_layers, transfer.num_heads, transfer.rules.layers)


def make_transfer(target: Target, proxy: ProxySettings, proxy_tokens: int, rules: CarryRules) -> Transfer:
    """The transfer to a target.

    Args:
        target: the model that is meant.
        proxy: the model that is trained.
        proxy_tokens: length of its sequences, in tokens.
        rules: by kind of size.

    Raises:
        InputError: the target is smaller than the proxy, or no whole multiple of its length; or the proxy has no layer
            between its first and its last where these are carried apart.
    """
    if target.num_tokens % proxy_tokens:
        allowed = f"must be a multiple of task.num_tokens ({proxy_tokens}), the length of the proxy"
        raise InputError("target.num_tokens", allowed, target.num_tokens, "Change either.")
    for name in ("num_layers", "num_heads"):
        least, own = getattr(proxy, name), getattr(target, name)
        if own < least:
            allowed = f"must be proxy.{name} ({least}) or more"
            raise InputError(f"target.{name}", allowed, own, f"Lower proxy.{name}, or use target=proxy.")
    if rules.layers == "ends" and proxy.num_layers < LEAST_WITH_ENDS:
        allowed = f"must be depth or period for a proxy of fewer than {LEAST_WITH_ENDS} layers"
        raise InputError("carry.layers", allowed, rules.layers, "Raise proxy.num_layers.")
    return Transfer(
        proxy_tokens=proxy_tokens,
        target_tokens=target.num_tokens,
        num_layers=target.num_layers,
        num_heads=target.num_heads,
        num_parts=gcd(proxy.num_heads, target.num_kv_heads),
        rules=rules,
    )
