"""The fuzzy_recall task: find values by their keys where both may take several tokens."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from nas.ranges import check_range
from nas.tasks.generated import GeneratedSettings, GeneratedTask
from nas.tasks.rng import Rng
from nas.tasks.task import IGNORED_TARGET, MOST_TOKENS, Batch, Task

Motif = tuple[int, ...]
"""The tokens of one key or value."""


@dataclass(kw_only=True, slots=True)
class FuzzyRecallSettings(GeneratedSettings):
    """How long keys and values may be, and over what distance.

    Args:
        name: the task's name, `fuzzy_recall`.
        num_tokens: sequence length n, in tokens, at least 4 * motif_tokens.
        vocab_size: entries V of the vocabulary: (V - 1) // 2 that make keys, the others but one that make values, and
            the padding V - 1; at least 2 * motif_tokens + 1.
        motif_tokens: most tokens of a key, and of a value.
    """

    name: str = "fuzzy_recall"
    num_tokens: int = 128
    vocab_size: int = 16
    motif_tokens: int = 3

    def __post_init__(self) -> None:
        GeneratedSettings.__post_init__(self)
        check_range("task.motif_tokens", self.motif_tokens, least=1)
        remedy = "Or lower task.motif_tokens."
        check_range("task.num_tokens", self.num_tokens, least=4 * self.motif_tokens, most=MOST_TOKENS, remedy=remedy)
        check_range(
            "task.vocab_size", self.vocab_size, least=max(5, 2 * self.motif_tokens + 1), most=MOST_TOKENS, remedy=remedy
        )

    @property
    def num_key_tokens(self) -> int:
        """Entries of the vocabulary that make keys."""
        return (self.vocab_size - 1) // 2

    @property
    def num_value_tokens(self) -> int:
        """Entries of the vocabulary that make values."""
        return self.vocab_size - 1 - self.num_key_tokens


class FuzzyRecallTask(GeneratedTask[FuzzyRecallSettings]):
    """In-context recall of motifs, scored by the share of value tokens recalled; passes `nas.tasks.task.Task`."""

    name = "fuzzy_recall"

    def __init__(self, settings: FuzzyRecallSettings) -> None:
        self.num_tokens = settings.num_tokens
        self.vocab_size = settings.vocab_size
        self.chance = 1 / settings.num_value_tokens
        super().__init__(settings)

    def longer(self, times: int) -> Task:
        """More pairs of motifs from the same vocabulary."""
        return FuzzyRecallTask(replace(self._settings, num_tokens=times * self.num_tokens))

    def _draw(self, rng: Rng, batch_size: int) -> Batch:
        return fuzzy_recall_batch(rng, batch_size, self._settings)


def fuzzy_recall_batch(rng: Rng, batch_size: int, settings: FuzzyRecallSettings) -> Batch:
    """A batch of sequences of keys and values of 1 to `motif_tokens` tokens each.

    Lengths are drawn first, then as many different tokens. In one sequence a key always has the same value. Where a
    key has stood before, its value's tokens are the targets, each one place ahead of where it stands. The last
    pair repeats an earlier key; padding fills the front.

    Source: fuzzy in-context recall of MAD (Poli et al. 2024), in the form that asks at every repeat.
    """
    num_pairs = settings.num_tokens // 2
    keys = _motifs(rng, batch_size, num_pairs, settings.num_key_tokens, settings.motif_tokens, first=0)
    values = _motifs(
        rng, batch_size, num_pairs, settings.num_value_tokens, settings.motif_tokens, settings.num_key_tokens
    )
    tokens = np.full((batch_size, settings.num_tokens + 1), settings.vocab_size - 1, dtype=np.int64)
    answers = np.full_like(tokens, IGNORED_TARGET)
    for row, luck in enumerate(rng.uniform(batch_size).tolist()):
        drawn, asked = _sequence(zip(keys[row], values[row], strict=True), luck, settings)
        tokens[row, -len(drawn) :] = drawn
        answers[row, -len(drawn) :] = np.where(asked, drawn, IGNORED_TARGET)
    return Batch(tokens[:, :-1].copy(), answers[:, 1:].copy())


def _motifs(rng: Rng, batch_size: int, count: int, vocab: int, longest: int, first: int) -> list[list[Motif]]:
    """`count` motifs a row, of the tokens from `first` to `first + vocab - 1`."""
    lengths = (1 + rng.integers(longest, batch_size * count)).tolist()
    tokens = (first + rng.distinct(vocab, longest, batch_size * count)).tolist()
    motifs = [tuple(row[:length]) for row, length in zip(tokens, lengths, strict=True)]
    return [motifs[start : start + count] for start in range(0, len(motifs), count)]


def _sequence(
    pairs: Iterable[tuple[Motif, Motif]], luck: float, settings: FuzzyRecallSettings
) -> tuple[list[int], list[bool]]:
    """Tokens of one sequence, and which of them are asked for; `luck` chooses the key that the last pair repeats."""
    value_of: dict[Motif, Motif] = {}
    tokens: list[int] = []
    asked: list[bool] = []

    def put(key: Motif, value: Motif) -> None:
        tokens.extend(key + value)
        asked.extend([False] * len(key) + [key in value_of] * len(value))
        value_of[key] = value

    room = settings.num_tokens + 1 - 2 * settings.motif_tokens
    for key, drawn in pairs:
        value = value_of.get(key, drawn)
        if len(tokens) + len(key + value) > room:
            break
        put(key, value)
    last = list(value_of)[int(luck * len(value_of))]
    put(last, value_of[last])
    return tokens, asked
