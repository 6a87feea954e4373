"""What a pretrained decoder is asked: the user's text, and retrieval probes in it."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nas.pretrained.decoder import Decoder
from nas.pretrained.needle import NeedleTask
from nas.pretrained.phases import prompt_tokens
from nas.pretrained.tokenised_text import TokenisedText, tokenise
from nas.results.phase import PatternPhase
from nas.tasks.language.text import TextSettings
from nas.tasks.language.windows import Tokens, WindowTask, cut_windows
from nas.tasks.rng import Rng
from nas.tasks.task import IGNORED_TARGET, Batch, Metric, Task, as_ids

TEXT, NEEDLE = "text", "needle"
"""Labels of the tasks."""


class CheckpointTextTask(WindowTask):
    """The next token of text, scored in bits per byte, so that vocabularies can be compared; a `nas.tasks.task.Task`.

    Where the tokenizer puts a token in front of every text, it stands in front of every window, and the window's last
    token is only asked for.

    Args:
        text: what is read.
        settings: how it is cut.

    Raises:
        InputError: fewer tokens than one window on either side.
    """

    name = "text"
    metric = Metric("bits_per_byte", "bits per byte", "minimize")

    def __init__(self, text: TokenisedText, settings: TextSettings) -> None:
        self._text = text
        self.vocab_size = text.vocab_size
        self.corpus_fingerprint: str | None = text.fingerprint
        self.chance = math.log2(text.vocab_size) / text.bytes_per_token
        super().__init__(text.source, text.train, text.held_out, settings)

    def quality(self, loss: float, accuracy: float) -> float:
        """Bits per byte."""
        return loss / math.log(2) / self._text.bytes_per_token

    def _ask(self, data: Tokens, starts: NDArray[np.int64], rng: Rng) -> Batch:
        wide = cut_windows(data, starts, 0, self.num_tokens + 1).astype(np.int64)
        if self._text.first_token is None:
            return Batch(as_ids(wide[:, :-1]), as_ids(wide[:, 1:]))
        targets, tokens = wide[:, :-1], np.roll(wide[:, :-1], 1, axis=1)
        tokens[:, 0] = self._text.first_token
        return Batch(as_ids(tokens), as_ids(targets))


class AnswerTask(CheckpointTextTask):
    """The same windows, the first half of which is a prompt: the tokens after it are asked for.

    So every pattern of a study whose `evaluation.phase` is not both, and full attention, answers alike.
    """

    def _ask(self, data: Tokens, starts: NDArray[np.int64], rng: Rng) -> Batch:
        batch = super()._ask(data, starts, rng)
        targets = batch.targets.copy()
        targets[:, : prompt_tokens(self) - 1] = IGNORED_TARGET
        return Batch(batch.tokens, targets)


def checkpoint_tasks(
    decoder: Decoder,
    settings: TextSettings,
    depths: Sequence[float],
    num_sequences: int,
    phase: PatternPhase = "both",
) -> dict[str, Task]:
    """The tasks of a study by label, the text first.

    Args:
        decoder: its tokenizer reads the text.
        settings: which text, and how it is cut.
        depths: where the probes' needles stand, as shares of the text; none for no probes.
        num_sequences: sequences that ask for each depth.
        phase: where patterns are used; in one phase alone, only the second half of the text is scored.

    Raises:
        InputError: too little text, no tokenizer, or no room for the needles.
    """
    tokenised = tokenise(decoder.folder, settings, decoder.dimensions.vocab_size)
    text = (CheckpointTextTask if phase == "both" else AnswerTask)(tokenised, settings)
    if not depths:
        return {TEXT: text}
    needle = NeedleTask(tokenised, text, num_tokens=text.num_tokens, depths=depths, num_sequences=num_sequences)
    return {TEXT: text, NEEDLE: needle}
