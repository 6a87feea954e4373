"""Patterns and settings as flat tables `dotted.name: value`, and these as W&B addresses them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern

Scalar = str | int | float | bool | None
Flat = dict[str, Scalar | list[Scalar]]


def flatten_pattern(pattern: ModelPattern) -> Flat:
    """One entry per parameter: `layer0.group1.window.before: 127`.

    `layer0.group1.attend: "window+global"` names the union, so that runs can be grouped by it. A second
    primitive of the same kind in a union is called `window2`.
    """
    flat: Flat = {"pattern.causal": pattern.causal, "pattern.position": pattern.position}
    if pattern.grid is not None:
        flat["pattern.grid"] = list(pattern.grid)
    for layer_index, layer in enumerate(pattern.layers):
        flat[f"layer{layer_index}.memory_tokens"] = layer.memory_tokens
        for group_index, group in enumerate(layer.heads):
            where = f"layer{layer_index}.group{group_index}"
            flat |= {f"{where}.{name}": value for name, value in _group_entries(group)}
    return flat


def flatten_settings(settings: Mapping[str, Any]) -> Flat:
    """One entry per setting: `proxy.num_layers: 2`. Values in lists become text unless W&B supports their type."""
    return dict(_entries("", settings))


def nested(flat: Flat) -> dict[str, Any]:
    """`{"training": {"num_steps": 960}}` for `training.num_steps`: W&B filters and plots by paths, not by dotted names.

    A name below one that has a value itself stays dotted.
    """
    tree: dict[str, Any] = {}
    for name, value in sorted(flat.items(), key=lambda item: item[0].count(".")):
        branch, parts = tree, name.split(".")
        while len(parts) > 1 and isinstance(branch.setdefault(parts[0], {}), dict):
            branch = branch[parts.pop(0)]
        branch[".".join(parts)] = value
    return tree


def plain_name(dotted: str) -> str:
    """`layer0_window` for `layer0.window`: in names of columns and charts, dots would be paths that lead nowhere."""
    return dotted.replace(".", "_")


def _group_entries(group: HeadGroup) -> Iterator[tuple[str, Scalar]]:
    yield "count", group.count
    yield "attend", _union_text(group)
    seen: Counter[str] = Counter()
    for primitive in group.attend:
        seen[primitive.kind] += 1
        name = primitive.kind if seen[primitive.kind] == 1 else f"{primitive.kind}{seen[primitive.kind]}"
        for parameter, value in primitive.to_dict().items():
            if parameter != "kind":
                yield f"{name}.{parameter}", value


def _union_text(group: HeadGroup) -> str:
    return "+".join(primitive.kind for primitive in group.attend)


def _entries(name: str, value: object) -> Iterator[tuple[str, Scalar | list[Scalar]]]:
    if isinstance(value, Mapping):
        for key, child in value.items():
            yield from _entries(f"{name}.{key}" if name else str(key), child)
    elif isinstance(value, (list, tuple)):
        yield name, [_scalar(item) for item in value]
    else:
        yield name, _scalar(value)


def _scalar(value: object) -> Scalar:
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)
