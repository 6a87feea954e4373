"""One choice for all layers, as in a manual sweep: a small space for comparison."""

from dataclasses import dataclass
from typing import ClassVar

from .hybrid import Hybrid


@dataclass(frozen=True, kw_only=True)
class Uniform(Hybrid):
    """`Hybrid` with every layer alike: the same options, drawn once."""

    share_layers: ClassVar[bool] = True
