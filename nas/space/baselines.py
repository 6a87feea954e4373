"""The named baselines: systems that a study trains alongside its samples, and the shapes they fit."""

from collections.abc import Callable
from dataclasses import dataclass

from nas.errors import unknown
from nas.patterns.model import ModelPattern
from nas.space import systems
from nas.space.needs import ANYTHING, Needs
from nas.space.space import Shape, Space


@dataclass(frozen=True, slots=True)
class Baseline:
    """A system with a name.

    Args:
        name: its name in studies and on the command line.
        make: makes the pattern for a shape that it fits, of 8 tokens or more.
        needs: which shapes it fits.
    """

    name: str
    make: Callable[[Shape], ModelPattern]
    needs: Needs

    def __call__(self, shape: Shape) -> ModelPattern:
        """The pattern for the shape; raises InputError if the shape lacks what the baseline needs."""
        self.needs.check(f"baseline {self.name}", shape)
        return self.make(shape)


_CAUSAL, _BIDIRECTIONAL, _GRID = Needs(causal=True), Needs(causal=False), Needs(grid=True)
_SURVEYED = Needs(causal=True, sensitivity=True)

BASELINES: dict[str, Baseline] = {
    make.__name__: Baseline(make.__name__, make, needs)
    for make, needs in (
        (systems.full, ANYTHING),
        (systems.longformer, ANYTHING),
        (systems.sparse_transformer_strided, ANYTHING),
        (systems.sparse_transformer_fixed, ANYTHING),
        (systems.bigbird, ANYTHING),
        (systems.local_global, ANYTHING),
        (systems.parallel, ANYTHING),
        (systems.serial, ANYTHING),
        (systems.learned_importance, _CAUSAL),
        (systems.transformer_xl, Needs(causal=True, context=True)),
        (systems.linformer, _BIDIRECTIONAL),
        (systems.sst, _GRID),
        (systems.swin, _GRID),
        (systems.cswin, _GRID),
        (systems.streaming, _CAUSAL),
        (systems.retrieval_streaming, _CAUSAL),
        (systems.nll_layers_25, _SURVEYED),
        (systems.nll_layers_50, _SURVEYED),
        (systems.neighborhood, _GRID),
        (systems.sliding_window, _CAUSAL),
    )
}
"""Every baseline by name."""

DEFAULT_BASELINES = ("full", "longformer", "local_global")
"""The baselines of a space that names none."""


def baselines_for(space: Space, shape: Shape) -> dict[str, ModelPattern]:
    """The baselines that the space names and that fit the shape, `full` first; of equal patterns only the first.

    Args:
        space: names them in its `baselines`; DEFAULT_BASELINES if it has no such attribute.
        shape: what the study's patterns have in common.

    Raises:
        InputError: the space names an unknown baseline.
    """
    made: dict[str, ModelPattern] = {}
    for name in ("full", *getattr(space, "baselines", DEFAULT_BASELINES)):
        if name not in BASELINES:
            raise unknown("space.baselines", str(name), BASELINES, "baseline")
        if BASELINES[name].needs.lack(shape) is None:
            made.setdefault(name, BASELINES[name](shape))
    distinct = {shape.identity(pattern): name for name, pattern in reversed(made.items())}
    return {name: pattern for name, pattern in made.items() if distinct[shape.identity(pattern)] == name}
