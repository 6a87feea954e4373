"""One choice for all layers: what people sweep by hand today, and a small space to compare with."""

from dataclasses import dataclass
from typing import ClassVar

from search_spaces.hybrid import Hybrid


@dataclass(frozen=True, kw_only=True)
class Uniform(Hybrid):
    """`Hybrid` with every layer alike: the same options, drawn once."""

    share_layers: ClassVar[bool] = True
