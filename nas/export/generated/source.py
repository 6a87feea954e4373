"""The source of a generated module: its masks, and the code that its library needs around them."""

import json
from dataclasses import dataclass
from typing import Any

from nas.export.generated import masks_template
from nas.export.generated.expressions import needs_grid, needs_length
from nas.export.generated.layer import builder_body
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Primitive, Random
from nas.results.provenance import Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleTemplate:
    """The code of one format around the masks.

    Args:
        format_name: name of the format, for refusals.
        library: what the module is for, in words.
        module: name of the module.
        needs: what must be installed, as a sentence.
        imports: import lines.
        how_to: how to use it, for the module's own docstring.
        tail: the code after the masks, for `str.format`.
    """

    format_name: str
    library: str
    module: str
    needs: str
    imports: str
    how_to: str
    tail: str


def module_source(pattern: ModelPattern, provenance: Provenance, template: ModuleTemplate, **tail: str) -> str:
    """The whole module.

    Args:
        pattern: its masks.
        provenance: where the pattern comes from.
        template: the code around the masks.
        tail: values for the fields of the template's tail.

    Raises:
        Refusal: a part of the pattern is not a mask; the message names its place.
    """
    builders: dict[str, str] = {}
    names = [
        builders.setdefault(builder_body(layer, template.format_name), f"_layer_{layer.index}")
        for layer in pattern.layers
    ]
    functions = [
        f"\n\ndef {name}(num_tokens: int | None, device: Device) -> MaskMod:\n{body}" for body, name in builders.items()
    ]
    masks = masks_template.MASKS.format(builders=as_tuple(names), length_rule=_length_rule(pattern))
    return "".join([_head(pattern, provenance, template), *functions, masks, template.tail.format(**tail)])


def as_tuple(items: list[str]) -> str:
    """The text between the brackets of a tuple."""
    return ", ".join(items) + ("," if len(items) == 1 else "")


def has_grid(pattern: ModelPattern) -> bool:
    """Whether a mask of the pattern depends on its grid, so that the module has ROWS and COLUMNS."""
    return pattern.grid is not None and any(map(needs_grid, _primitives(pattern)))


def _head(pattern: ModelPattern, provenance: Provenance, template: ModuleTemplate) -> str:
    head = masks_template.HEAD.format(
        pattern_id=pattern.id,
        library=template.library,
        needs=template.needs,
        how_to=template.how_to.format(module=template.module),
        imports=template.imports,
        num_layers=pattern.num_layers,
        num_heads=pattern.num_heads,
        causal=pattern.causal,
        causality="causal" if pattern.causal else "bidirectional",
        position=pattern.position,
        provenance="\n".join(f"    {key!r}: {value!r}," for key, value in _plain(provenance).items()),
    )
    primitives = _primitives(pattern)
    random = masks_template.RANDOM if any(isinstance(primitive, Random) for primitive in primitives) else ""
    return head + _grid(pattern) + random + (masks_template.LENGTH if any(map(needs_length, primitives)) else "")


def _grid(pattern: ModelPattern) -> str:
    if pattern.grid is None or not has_grid(pattern):
        return ""
    rows, columns = pattern.grid
    return masks_template.GRID.format(rows=rows, columns=columns)


def _length_rule(pattern: ModelPattern) -> str:
    if any(map(needs_length, _primitives(pattern))):
        return "needed if random blocks are drawn or global tokens stand at the end."
    return "the masks of this pattern do not depend on it."


def _plain(provenance: Provenance) -> dict[str, Any]:
    """Only strings, numbers, lists and dicts, so that `repr` writes Python that reads back."""
    plain: dict[str, Any] = json.loads(json.dumps(provenance.to_dict(), allow_nan=False))
    return plain


def _primitives(pattern: ModelPattern) -> set[Primitive]:
    return {primitive for layer in pattern.layers for group in layer.heads for primitive in group.attend}
