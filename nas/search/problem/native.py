"""The pattern that a target was published with, as a baseline of its study."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from nas.costs.native import native_pattern
from nas.costs.target import Target
from nas.errors import PatternError
from nas.patterns.model import ModelPattern
from nas.search.problem.backbone import Backbone

_LOG = logging.getLogger(__name__)


def native_forms(backbone: Backbone, target: Target) -> tuple[ModelPattern, ModelPattern] | None:
    """What the proxy is trained with, and what it stands for.

    The proxy has as many whole periods of the target's layers as it has room for, so it has their kinds of layers in
    the same shares and the same order. A warning says why a native pattern is left out.

    Args:
        backbone: of the study.
        target: what patterns are meant for.

    Returns:
        None if there is no target of its own, its native pattern is unknown or full attention, or the proxy has no
        room for it.
    """
    if backbone.transfer is None or target.native_windows is None or not any(target.native_windows):
        return None
    windows = _period(target.native_windows, target.num_layers)
    num_layers = backbone.shape.num_layers
    if num_layers % len(windows):
        _LOG.warning(
            "The native pattern of %s is no baseline here: its layers repeat every %d, which does not divide "
            "proxy.num_layers (%d).",
            target.name,
            len(windows),
            num_layers,
        )
        return None
    heads = backbone.shape.num_heads
    few = replace(target, num_layers=num_layers, num_heads=heads, num_kv_heads=heads, native_windows=windows)
    try:
        trained = backbone.trained(native_pattern(few, target.num_tokens))
    except PatternError as error:
        _LOG.warning("The native pattern of %s is no baseline here: %s", target.name, error)
        return None
    return trained, native_pattern(target, target.num_tokens)


def _period(windows: Sequence[int | None], num_layers: int) -> list[int | None]:
    """The shortest list that gives the same when it is repeated through the layers; files often list every layer."""
    by_layer = [windows[layer % len(windows)] for layer in range(num_layers)]
    lengths = range(1, num_layers + 1)
    shortest = next(k for k in lengths if all(own == by_layer[layer % k] for layer, own in enumerate(by_layer)))
    return by_layer[:shortest]
