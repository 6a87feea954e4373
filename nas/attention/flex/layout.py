"""The sizes of a kernel: few of them, so that few kernels are compiled however many patterns there are."""

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional

from nas.attention.segment_memory import Pair, in_front, most_memory
from nas.patterns.head import HeadPattern

BLOCK = 128
"""Queries and keys of a block of the kernel."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What a call is padded to: heads that attend to nothing, and rows of memory that no head sees.

    Args:
        num_heads: heads, those that attend to nothing included.
        num_tokens: sequence length n, in tokens.
        memory_rows: rows of the previous segment in front of the keys, those that no head sees included.
    """

    num_heads: int
    num_tokens: int
    memory_rows: int

    @property
    def num_keys(self) -> int:
        """Rows of the memory and keys of the sequence."""
        return self.memory_rows + self.num_tokens

    @classmethod
    def of(cls, heads: tuple[HeadPattern, ...], num_tokens: int) -> "Layout":
        """The layout for these heads: heads in numbers 2^k or 3 * 2^k, memory in 2^k blocks.

        At most a third of the heads is padding. Memory in whole blocks keeps the sequence's own on the diagonal.
        """
        power = _power_of_two(len(heads))
        num_heads = power * 3 // 4 if len(heads) <= power * 3 // 4 and power >= 4 else power
        rows = most_memory(heads)
        return cls(num_heads, num_tokens, _power_of_two(-(-rows // BLOCK)) * BLOCK if rows else 0)

    def pad(
        self, q: Tensor, k: Tensor, v: Tensor, memory: Pair | None, seen_rows: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, and keys and values behind the memory, contiguous in the padded sizes.

        Args:
            q: queries, shape (batch, heads, tokens, d_key).
            k: keys, same shape.
            v: values, shape (batch, heads, tokens, d_value).
            memory: keys and values of the previous segment, or None.
            seen_rows: the most rows of the memory that a head sees.
        """
        k, v = in_front(memory, k, v, seen_rows)
        more_heads, more_rows = self.num_heads - q.shape[1], self.memory_rows - seen_rows
        return _padded(q, 0, more_heads), _padded(k, more_rows, more_heads), _padded(v, more_rows, more_heads)


def slots(needed: int, least: int) -> int:
    """Places for this many shapes of a kind: a power of two, and no fewer than most patterns need."""
    return max(least, _power_of_two(needed))


def _padded(x: Tensor, more_rows: int, more_heads: int) -> Tensor:
    """Zeros before the tokens and behind the heads; contiguous, because other strides need another kernel."""
    if more_rows or more_heads:
        x = functional.pad(x, (0, 0, more_rows, 0, 0, more_heads))
    return x.contiguous()


def _power_of_two(number: int) -> int:
    """The smallest power of two that is not below a number of 1 or more."""
    return 1 << (number - 1).bit_length() if number > 0 else 0
