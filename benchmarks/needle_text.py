"""Text with needles: pairs of a key and a value, which are asked for further on in the same sequence."""

import numpy as np
from numpy.typing import NDArray

from nas.tasks.language.text import TextSettings, TextTask
from nas.tasks.language.windows import Tokens, cut_windows
from nas.tasks.rng import Rng
from nas.tasks.task import IGNORED_TARGET, Batch, Metric, as_ids

WIDTH = 7
"""Bytes of a needle and of a question: a mark, a key of two letters, a value of four."""
VALUE = 4
NEEDLES = 2
"""In each sequence."""
MARKS = (0, 1)
"""The bytes that a needle and a question start with, which text does not have."""


class NeedleText(TextTask):
    """Text with needles: every byte is predicted, or the asked values alone.

    Args:
        settings: which text.
        values_alone: score only the values that are asked for, in nats per byte.
    """

    def __init__(self, settings: TextSettings, *, values_alone: bool = False) -> None:
        self._values_alone = values_alone
        super().__init__(settings)
        if values_alone:
            self.metric = Metric("loss", "nats per byte of a value", "minimize")

    def quality(self, loss: float, accuracy: float) -> float:
        """Bits per byte of all, or nats per byte of the values."""
        return loss if self._values_alone else super().quality(loss, accuracy)

    def _ask(self, data: Tokens, starts: NDArray[np.int64], rng: Rng) -> Batch:
        windows = cut_windows(data, starts, 0, self.num_tokens + 1).astype(np.int64)
        asked = put_needles(windows, rng)
        targets = windows[:, 1:]
        if self._values_alone:
            targets = np.where(asked[:, 1:], targets, IGNORED_TARGET)
        return Batch(as_ids(windows[:, :-1]), as_ids(targets))


def put_needles(windows: NDArray[np.int64], rng: Rng) -> NDArray[np.bool_]:
    """Write needles and questions over bytes of windows, each question somewhere behind its needle.

    Args:
        windows: bytes, shape (batch, bytes); changed in place.
        rng: where they go and what they say.

    Returns:
        where the asked values are, same shape.
    """
    batch, length = windows.shape
    asked = np.zeros(windows.shape, dtype=np.bool_)
    slots = np.sort(rng.distinct(length // WIDTH, 2 * NEEDLES, batch), axis=1) * WIDTH
    letters = rng.integers(26, batch, NEEDLES, WIDTH - 1) + ord("a")
    for needle in range(NEEDLES):
        for mark, slot in zip(MARKS, (slots[:, needle], slots[:, NEEDLES + needle]), strict=True):
            marks = np.full((batch, 1), mark, dtype=np.int64)
            places = slot[:, None] + np.arange(WIDTH)
            np.put_along_axis(windows, places, np.hstack([marks, letters[:, needle]]), axis=1)
        np.put_along_axis(asked, places[:, -VALUE:], values=True, axis=1)
    return asked
