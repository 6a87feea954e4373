"""The widest space: all families compete in every head group."""

from dataclasses import dataclass
from typing import ClassVar

from nas.patterns.layer import HeadGroup
from nas.patterns.model import POSITIONS, ModelPattern
from nas.space.baselines import BASELINES
from nas.space.checks import require_heads, require_numbers, require_words
from nas.space.choices import Choice, Scope, Union, layer_scopes, split_heads
from nas.space.needs import Needs
from nas.space.scaling import quarters
from nas.space.space import Shape, Suggester

from .families import FAMILIES

_POSITION_NEEDS = {"alibi": Needs(causal=True)}


@dataclass(frozen=True, kw_only=True)
class Everything:
    """Two head groups per layer, each with its own family and the parameters of that family.

    The parameters of a family are suggested only if it was drawn (`layer0.second.low_rank.rank`), so the set of
    parameters changes from trial to trial: use `sampler=tpe` or `nsga2` rather than `gp`.

    Args:
        families: keys of FAMILIES in `families.py`; None for all that the shape allows.
        num_second_heads: heads of the second group; None for every quarter of the heads from none to all.
        position: how positions are encoded, drawn once; None for `rope`, `relative`, and, in causal models, `alibi`.
            `relative` is excluded with the family `low_rank`, whose rows have no position.
        memory_tokens: visible tokens of the previous segment, drawn for every layer; None for 0, n / 2 and n where the
            task provides that segment and the model is causal, else 0.

    Raises:
        InputError: a list is empty, or a value is repeated or out of range, or a family or position is unknown.
    """

    families: list[str] | None = None
    num_second_heads: list[int] | None = None
    position: list[str] | None = None
    memory_tokens: list[int] | None = None

    baselines: ClassVar[tuple[str, ...]] = tuple(BASELINES)

    def __post_init__(self) -> None:
        require_words("families", self.families, FAMILIES, "family")
        require_numbers("num_second_heads", self.num_second_heads, at_least=0)
        require_words("position", self.position, POSITIONS, "position")
        require_numbers("memory_tokens", self.memory_tokens, at_least=0)

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        """A pattern of the shape from suggested values.

        Raises:
            InputError: an option names what the shape does not allow.
            PatternError: positions were drawn together with a family or a memory that they do not support.
        """
        self._check(shape)
        families = self.families or [name for name, family in FAMILIES.items() if family.needs.lack(shape) is None]
        position = Choice(self.position or _positions(shape, families)).draw(suggest, "position")
        scopes = layer_scopes(suggest, shape)
        memory = self.memory_tokens or _memories(shape)
        return shape.pattern(
            [self._layer(layer, shape, families) for layer in scopes],
            position=position,
            memory_tokens=[Choice(memory).draw(layer, "memory_tokens") for layer in scopes],
        )

    def _check(self, shape: Shape) -> None:
        require_heads("num_second_heads", self.num_second_heads, shape)
        for name in self.families or []:
            FAMILIES[name].needs.check(f"space.options.families: {name}", shape)
        for name in self.position or []:
            _POSITION_NEEDS.get(name, Needs()).check(f"space.options.position: {name}", shape)
        if any(self.memory_tokens or []):
            Needs(causal=True, context=True).check("space.options.memory_tokens", shape)

    def _layer(self, suggest: Suggester, shape: Shape, families: list[str]) -> tuple[HeadGroup, ...]:
        num_second = Choice(self.num_second_heads or quarters(shape.num_heads)).draw(suggest, "num_second_heads")
        first, second = (_group(Scope(name, suggest), shape, families) for name in ("first", "second"))
        return split_heads(shape.num_heads, num_second, first, second)


def _group(suggest: Suggester, shape: Shape, families: list[str]) -> Union:
    family = Choice(families).draw(suggest, "family")
    return FAMILIES[family].draw(Scope(family, suggest), shape)


def _positions(shape: Shape, families: list[str]) -> list[str]:
    relative = [] if "low_rank" in families else ["relative"]
    return ["rope", *relative, *(["alibi"] if shape.causal else [])]


def _memories(shape: Shape) -> list[int]:
    if Needs(causal=True, context=True).lack(shape):
        return [0]
    return sorted({0, shape.num_tokens // 2, shape.num_tokens})
