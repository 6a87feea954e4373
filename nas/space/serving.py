"""What a space may offer where every pattern must be servable: the options that the rules leave, and shared sizes."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from nas.errors import InputError
from nas.patterns.serving import ServingRules
from nas.space.choices import Choice, Scope, layer_scopes
from nas.space.space import Option, Shape, Suggester

T = TypeVar("T", bound=Option)

_ANY_WINDOWS = ServingRules(first_tokens=True, heads_differ=True, sizes_differ=True)


def serving_rules(shape: Shape) -> ServingRules:
    """The rules of the targets that a study must be deployable by; those that allow most without such."""
    return shape.serving or _ANY_WINDOWS


def servable(name: str, options: Sequence[T], allowed: Callable[[T], bool], why: str) -> list[T]:
    """The options that the targets of `deployable_by` allow.

    Args:
        name: of the option, below space.options.
        options: what would be offered without them.
        allowed: whether they allow one.
        why: what they allow, as a clause for the message.

    Raises:
        InputError: they allow none.
    """
    kept = [option for option in options if allowed(option)]
    if not kept:
        raise InputError(f"space.options.{name}", f"must hold {why}", list(options), "Or change deployable_by.")
    return kept


def size_scope(suggest: Suggester, layer: Suggester, shape: Shape) -> Suggester:
    """Where the sizes of a layer's window are drawn: in the layer, or once for all, as `layers.window_tokens`."""
    return layer if serving_rules(shape).sizes_differ else Scope("layers", suggest)


def full_layers(suggest: Suggester, shape: Shape) -> list[bool]:
    """Which layers have full attention, drawn one by one; where the targets need more than were drawn, the last ones.

    So every choice that they allow can be drawn, and none is drawn in vain.
    """
    full = [Choice([False, True]).draw(layer, "full") for layer in layer_scopes(suggest, shape)]
    lacking = serving_rules(shape).least_full - sum(full)
    for layer in [index for index in reversed(range(len(full))) if not full[index]][: max(0, lacking)]:
        full[layer] = True
    return full
