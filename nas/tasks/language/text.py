"""The text task: predict the next byte, or bytes that were hidden."""

import math
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from nas.errors import unknown
from nas.ranges import check_range
from nas.tasks.language.corpus import read_corpus
from nas.tasks.language.split import split_corpus
from nas.tasks.language.windows import Tokens, WindowSettings, WindowTask, cut_windows
from nas.tasks.rng import Rng
from nas.tasks.task import IGNORED_TARGET, Batch, Metric, as_ids

MASK = 256
"""The token that stands for a hidden byte."""

Prediction = Literal["next", "masked"]


@dataclass(kw_only=True, slots=True)
class TextSettings(WindowSettings):
    """Which text, and what is predicted.

    Args:
        name: the task's name, `text`.
        path: a file, folder or glob of text; None for the standard library's sources (`read_corpus`).
        num_tokens: sequence length, in bytes.
        prediction: `next`, the next byte from those before it; `masked`, hidden bytes from those on both sides.
        masked_share: share of the bytes that masked prediction hides, above 0 and below 1; at least one a window.
    """

    name: str = "text"
    prediction: Prediction = "next"
    masked_share: float = 0.15

    def __post_init__(self) -> None:
        WindowSettings.__post_init__(self)
        if self.prediction not in get_args(Prediction):
            raise unknown("task.prediction", str(self.prediction), get_args(Prediction))
        check_range("task.masked_share", self.masked_share, above=0, below=1)


class TextTask(WindowTask):
    """The next byte of text, scored in bits per byte; passes `nas.tasks.task.Task`.

    Args:
        settings: which text.

    Raises:
        InputError: there is no text, or too little of it for one sequence on each side.
    """

    name = "text"
    vocab_size = 256
    metric = Metric("bits_per_byte", "bits per byte", "minimize")
    chance = 8.0

    def __init__(self, settings: TextSettings) -> None:
        corpus = read_corpus(settings.path)
        self.corpus_fingerprint: str | None = corpus.fingerprint
        train, held_out = split_corpus(corpus, settings.validation_share)
        super().__init__(corpus.source, train, held_out, settings)

    def quality(self, loss: float, accuracy: float) -> float:
        """Bits per byte."""
        return loss / math.log(2)


class MaskedTextTask(TextTask):
    """Bytes hidden in text, seen from both sides, scored in bits per hidden byte; passes `nas.tasks.task.Task`.

    Every hidden byte is replaced by MASK. The rule of BERT, which leaves one in ten as it is and puts a random
    one for another, prepares a model for fine-tuning, where no mask occurs; a proxy is never fine-tuned.

    Source: Devlin et al. 2019 (BERT), section 3.1.
    """

    causal = False
    vocab_size = MASK + 1

    def __init__(self, settings: TextSettings) -> None:
        self._masked_share = settings.masked_share
        super().__init__(settings)

    def _ask(self, data: Tokens, starts: NDArray[np.int64], rng: Rng) -> Batch:
        num_hidden = max(1, round(self._masked_share * self.num_tokens))
        hidden = rng.distinct(self.num_tokens, num_hidden, len(starts))
        return masked(cut_windows(data, starts, 0, self.num_tokens), hidden)

    def _hash(self, starts: NDArray[np.int64]) -> str:
        digest = sha256(super()._hash(starts).encode())
        digest.update(self._validation.tokens.data)
        return digest.hexdigest()


def masked(windows: Tokens, hidden: NDArray[np.int64]) -> Batch:
    """Windows with the bytes at the hidden places masked, and scored there.

    Args:
        windows: bytes, shape (batch, tokens).
        hidden: places, shape (batch, hidden bytes).
    """
    tokens, targets = windows.astype(np.int64), np.full(windows.shape, IGNORED_TARGET, dtype=np.int64)
    np.put_along_axis(targets, hidden, np.take_along_axis(tokens, hidden, axis=1), axis=1)
    np.put_along_axis(tokens, hidden, MASK, axis=1)
    return Batch(as_ids(tokens), as_ids(targets))
