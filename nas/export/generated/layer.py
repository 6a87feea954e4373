"""The generated function of one layer."""

from nas.export.contract.heads import Heads, layer_heads
from nas.export.generated.expressions import EXPRESSIONS, needs_grid, needs_length, table_name
from nas.patterns.layer import LayerPattern
from nas.patterns.primitives import Primitive, Random

_SIGNATURE = "    def visible(b: Tensor, h: Tensor, q_idx: Tensor, kv_idx: Tensor) -> Tensor:"


def builder_body(layer: LayerPattern, name: str) -> str:
    """The body of the function that makes the layer's mask_mod; equal for layers that attend alike.

    Args:
        layer: a layer of masks.
        name: name of the format, for refusals.

    Raises:
        Refusal: a head computes which keys it sees, or the layer has a memory; the message names its place.
    """
    groups, results = [], []
    for heads in layer_heads(layer, name):
        variable = heads.names().replace(" ", "_")
        groups += _group_lines(variable, _simplified(heads, layer, name))
        results.append((variable, _head_condition(heads.first, heads.stop, layer.num_heads)))
    lines = [*_prologue(layer), _SIGNATURE, *groups, *_return_lines(results, layer.causal)]
    return "\n".join([*lines, "", "    return visible", ""])


def mask_heads(layer: LayerPattern) -> int:
    """Heads that a block mask must distinguish: 1 if all attend alike."""
    return 1 if len(set(layer.head_patterns())) == 1 else layer.num_heads


def _prologue(layer: LayerPattern) -> list[str]:
    primitives = [primitive for group in layer.heads for primitive in group.attend]
    lines = ["    _check_grid(num_tokens)"] if any(map(needs_grid, primitives)) else []
    lines += ["    length = _length(num_tokens)"] if any(map(needs_length, primitives)) else []
    for random in dict.fromkeys(primitive for primitive in primitives if isinstance(primitive, Random)):
        draw = f"_draw({layer.index}, {random.block}, {random.blocks}, {random.seed}, length, device)"
        lines.append(f"    {table_name(random)} = {draw}")
    return [*lines, ""] if lines else []


def _simplified(heads: Heads, layer: LayerPattern, name: str) -> list[Primitive]:
    """The group's primitives in their simplest form, without those that show nothing."""
    for primitive in heads.written:
        if type(primitive) not in EXPRESSIONS:
            raise heads.refuse(name, primitive)
    simple = [primitive.simplified(layer.causal) for primitive in heads.written]
    return list(dict.fromkeys(primitive for primitive in simple if primitive is not None))


def _group_lines(name: str, union: list[Primitive]) -> list[str]:
    lines = [f"        {name} = ("]
    for place, primitive in enumerate(union):
        joint = "| " if place else ""
        lines.append(f"            # {_words(primitive)}")
        lines.append(f"            {joint}({EXPRESSIONS[type(primitive)](primitive)})")
    return [*lines, "        )"]


def _words(primitive: Primitive) -> str:
    values = [f"{name} {value}" for name, value in primitive.to_dict().items() if name != "kind"]
    return f"{primitive.kind}: {', '.join(values)}" if values else primitive.kind


def _head_condition(first: int, stop: int, num_heads: int) -> str:
    bounds = [f"(h >= {first})"] if first else []
    bounds += [f"(h < {stop})"] if stop < num_heads else []
    return " & ".join(bounds)


def _return_lines(results: list[tuple[str, str]], causal: bool) -> list[str]:
    cut = "(kv_idx <= q_idx) & " if causal else ""
    if len(results) == 1:
        return [f"        return {cut}{results[0][0]}"]
    lines = [f"        return {cut}("]
    for place, (name, condition) in enumerate(results):
        lines.append(f"            {'| ' if place else ''}({condition} & {name})")
    return [*lines, "        )"]
