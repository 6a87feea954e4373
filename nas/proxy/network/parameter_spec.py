"""One weight of the proxy: its name, shape and initial distribution."""

import math
from dataclasses import dataclass
from hashlib import sha256

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """One weight of the model.

    Args:
        name: its name in the model.
        shape: its shape in one member; matrices are (in, out).
        mean: initial mean.
        deviation: initial standard deviation.
    """

    name: str
    shape: tuple[int, ...]
    mean: float
    deviation: float

    @property
    def size(self) -> int:
        """Numbers in it."""
        return math.prod(self.shape)

    def drawn(self, generator: torch.Generator) -> Tensor:
        """The next initial values of a stream, float32, shape (size,)."""
        return self.mean + self.deviation * torch.randn(self.size, generator=generator)

    def drawn_by_name(self, seed: int) -> Tensor:
        """Initial values that depend on (seed, name) alone, float32, shape (size,).

        They are drawn row by row, so that a matrix of fewer rows starts as the first rows of this one.
        """
        first_bytes = sha256(f"{seed} {self.name}".encode()).digest()[:8]
        generator = torch.Generator().manual_seed(int.from_bytes(first_bytes, "big") >> 1)
        row = ParameterSpec(self.name, self.shape[1:] or self.shape, self.mean, self.deviation)
        return torch.cat([row.drawn(generator) for _ in range(self.size // row.size)])


def vector(name: str, length: int, deviation: float, mean: float = 0.0) -> ParameterSpec:
    """A weight that does not decay."""
    return ParameterSpec(name, (length,), mean, deviation)


def matrix(name: str, rows: int, columns: int, deviation: float) -> ParameterSpec:
    """A weight that decays; its mean is 0."""
    return ParameterSpec(name, (rows, columns), 0.0, deviation)
