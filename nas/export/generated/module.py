"""The source of a generated module: its masks, with what a target needs around them."""

import json
from dataclasses import dataclass
from typing import Any

import torch

from nas.export.generated import masks_template
from nas.export.generated.expressions import needs_grid, needs_length
from nas.export.generated.layer import builder_body
from nas.export.provenance import Provenance
from nas.export.targets.reading import Reading
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Primitive, Random


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What one target puts around the masks.

    Args:
        format_name: name of the format, for refusals.
        target: what the module is for, in words.
        module: name of the module.
        needs: what must be installed, as a sentence.
        imports: import lines.
        how_to: how to use it, for the module's own docstring.
        tail: what follows the masks, for `str.format`.
    """

    format_name: str
    target: str
    module: str
    needs: str
    imports: str
    how_to: str
    tail: str


def module_source(pattern: ModelPattern, provenance: Provenance, around: Surroundings, **tail: str) -> str:
    """The whole module.

    Args:
        pattern: what it says.
        provenance: where that comes from.
        around: what the target adds.
        tail: fills the tail.

    Raises:
        Refusal: the pattern holds what is no mask; the message names its place.
    """
    builders: dict[str, str] = {}
    names = [
        builders.setdefault(builder_body(layer, around.format_name), f"_layer_{layer.index}")
        for layer in pattern.layers
    ]
    functions = [
        f"\n\ndef {name}(num_tokens: int | None, device: Device) -> MaskMod:\n{body}" for body, name in builders.items()
    ]
    masks = masks_template.MASKS.format(builders=as_tuple(names), length_rule=_length_rule(pattern))
    return "".join([_head(pattern, provenance, around), *functions, masks, around.tail.format(**tail)])


def read_module(source: str, name: str) -> Reading:
    """Run a module and read its masks.

    Args:
        source: our own text, in which nothing from outside is code.
        name: name of the module.
    """
    module = run_module(source, name)

    def rows(layer: int, query: torch.Tensor, num_tokens: int) -> torch.Tensor:
        num_heads = module["NUM_HEADS"]
        head = torch.arange(num_heads)[:, None, None]
        mod = module["mask_mod"](layer, num_tokens)
        seen: torch.Tensor = mod(torch.zeros_like(head), head, query[:, None], torch.arange(num_tokens))
        return seen.expand(num_heads, len(query), num_tokens)

    return Reading(rows=rows)


def run_module(source: str, name: str) -> dict[str, Any]:
    """The names that a module defines, by running it: for our own text alone."""
    module: dict[str, Any] = {"__name__": name}
    exec(compile(source, f"{name}.py", "exec"), module)
    return module


def as_tuple(items: list[str]) -> str:
    """What stands between the brackets of a tuple."""
    return ", ".join(items) + ("," if len(items) == 1 else "")


def has_grid(pattern: ModelPattern) -> bool:
    """Whether a mask of the pattern lies on its grid, so that the module has ROWS and COLUMNS."""
    return pattern.grid is not None and any(map(needs_grid, _primitives(pattern)))


def _head(pattern: ModelPattern, provenance: Provenance, around: Surroundings) -> str:
    head = masks_template.HEAD.format(
        pattern_id=pattern.id,
        target=around.target,
        needs=around.needs,
        how_to=around.how_to.format(module=around.module),
        imports=around.imports,
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
        return "needed where blocks are drawn or global tokens stand at the end."
    return "the masks of this pattern do not depend on it."


def _plain(provenance: Provenance) -> dict[str, Any]:
    """Strings, numbers, lists and dicts alone, so that `repr` writes Python that reads back."""
    plain: dict[str, Any] = json.loads(json.dumps(provenance.to_dict(), allow_nan=False))
    return plain


def _primitives(pattern: ModelPattern) -> set[Primitive]:
    return {primitive for layer in pattern.layers for group in layer.heads for primitive in group.attend}
