"""A retrieval probe: key-value needles at depths of the user's own text, one of which is asked for at the end."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nas.errors import InputError
from nas.pretrained.branches import Branches
from nas.pretrained.tokenised_text import TokenisedText
from nas.tasks.language.windows import cut_windows
from nas.tasks.rng import Rng, Stream
from nas.tasks.task import IGNORED_TARGET, Batch, Ids, Metric, Readout, Task, as_ids

KEY_TOKENS = 4
VALUE_TOKENS = 4

_QUESTION = KEY_TOKENS + VALUE_TOKENS - 1  # the key again, and the value but for its last token


@dataclass(frozen=True, slots=True, eq=False)
class BranchedBatch:
    """Texts with a question for each depth.

    Args:
        tokens: int64, shape (batch, tokens), laid out as `NeedleTask.branches` says.
        answers: int64, shape (batch, depths, VALUE_TOKENS): the values that are asked for.
    """

    tokens: Ids
    answers: Ids


class NeedleTask:
    """Recall the value behind a key far above, scored by the share of value tokens recalled; a `nas.tasks.task.Task`.

    A sequence is a window of held-out text. At each depth eight of its tokens are replaced by a needle, a key of four
    tokens and a value of four, all drawn from the tokens of the user's text. The sequence ends in one of the keys, and
    the value behind it is asked for, so all needles but one are distractors. Any decoder that copies can be
    probed this way; the probe needs no words that one model understands and another does not.

    Source: the needle at depths is that of passkey retrieval (Mohtashami and Jaggi 2023, "Landmark Attention", section
    4.2), the random keys those of DuoAttention's synthetic data (Xiao et al. 2024b, section 3.2: ten passkeys a text).

    Args:
        text: where the haystack and the needles' tokens are taken from.
        trained_on: what a fine-tuning learns from: the probe itself is never trained.
        num_tokens: sequence length n, in tokens.
        depths: where needles stand, from 0 (start) to 1 (just before the question), different ones.
        num_sequences: sequences that ask for each depth.
        asked: the depths that are asked for; None for all.

    Raises:
        InputError: no room for the needles, or too little text.
    """

    name = "needle"
    causal = True
    grid: tuple[int, int] | None = None
    readout: Readout = "each"
    metric = Metric("retrieval", "share of value tokens", "maximize")

    def __init__(
        self,
        text: TokenisedText,
        trained_on: Task,
        *,
        num_tokens: int,
        depths: Sequence[float],
        num_sequences: int,
        asked: Sequence[float] | None = None,
    ) -> None:
        self._text, self._trained_on, self._num_sequences = text, trained_on, num_sequences
        self._depths, self._asked = sorted(depths), tuple(sorted(depths) if asked is None else asked)
        self.num_tokens, self.vocab_size = num_tokens, text.vocab_size
        self.corpus_fingerprint: str | None = text.fingerprint
        self._alphabet = np.unique(text.train)
        self.chance = 1 / len(self._alphabet)
        self._places = self._place()
        self._validation = self._draw()
        digest = sha256(self._validation.tokens.data)
        digest.update(self._validation.targets.data)
        self.fingerprint = digest.hexdigest()

    @cached_property
    def parts(self) -> Mapping[str, "NeedleTask"]:
        """What the quality is the mean of: the probe at each depth alone, by name."""
        return {f"depth_{round(100 * depth)}": self._like(asked=(depth,)) for depth in self._asked}

    def train_batch(self, step: int, batch_size: int, seed: int) -> Batch:
        """The text's."""
        return self._trained_on.train_batch(step, batch_size, seed)

    def validation_batches(self, batch_size: int) -> Iterator[Batch]:
        """All sequences, those that ask for one depth behind each other; the last batch may be smaller."""
        yield from self._validation.parts(batch_size)

    def quality(self, loss: float, accuracy: float) -> float:
        """Share of value tokens that are the model's first choice, the right ones before them given, 0 to 1."""
        return accuracy

    def longer(self, times: int) -> "NeedleTask | None":
        """The same needles in longer windows; None where the text has none."""
        if self._trained_on.longer(times) is None:
            return None
        return self._like(num_tokens=times * self.num_tokens)

    def on_training_text(self, num_sequences: int) -> "NeedleTask":
        """The same in windows of the training tokens.

        Args:
            num_sequences: sequences that ask for each depth.
        """
        text = replace(self._text, held_out=self._text.train)
        return self._like(text=text, num_sequences=num_sequences)

    @property
    def branches(self) -> Branches:
        """How the questions about one text are laid out, one for each depth that is asked for."""
        return Branches(num_tokens=self.num_tokens, width=_QUESTION, count=len(self._asked))

    def branched_batches(self, batch_size: int) -> Iterator[BranchedBatch]:
        """The same sequences as `validation_batches`, with all questions about one text in a single one.

        Args:
            batch_size: texts at once; the last batch may be smaller.
        """
        shape = (len(self._asked), self._num_sequences, self.num_tokens)
        tokens, targets = self._validation.tokens.reshape(shape), self._validation.targets.reshape(shape)
        questions = tokens[1:, :, -_QUESTION:].swapaxes(0, 1).reshape(self._num_sequences, -1)
        packed = np.concatenate([tokens[0], questions], axis=1)
        answers = targets[:, :, -VALUE_TOKENS:].swapaxes(0, 1)
        for start in range(0, self._num_sequences, batch_size):
            rows = slice(start, start + batch_size)
            yield BranchedBatch(tokens=as_ids(packed[rows]), answers=as_ids(answers[rows]))

    def answer_places(self) -> NDArray[np.int64]:
        """Where the tokens stand in a branched batch whose targets are the answers, shape (depths, VALUE_TOKENS)."""
        first = np.array(self.branches.starts())[:, None] + _QUESTION - VALUE_TOKENS
        return first + np.arange(VALUE_TOKENS)

    def value_places(self) -> NDArray[np.int64]:
        """Where the values stand in the text that must be copied there, shape (depths, VALUE_TOKENS)."""
        needles = np.array([self._places[self._depths.index(depth)] for depth in self._asked])
        return needles[:, None] + KEY_TOKENS + np.arange(VALUE_TOKENS)

    def text_places(self) -> NDArray[np.int64]:
        """Where the next token is one of the user's text, shape (places,): between needles and before the question."""
        of_text = np.ones(self.num_tokens, dtype=np.bool_)
        for place in self._places:
            of_text[place : place + KEY_TOKENS + VALUE_TOKENS] = False
        return np.flatnonzero(of_text[1 : self.branches.text_tokens])

    def _like(
        self,
        num_tokens: int | None = None,
        asked: Sequence[float] | None = None,
        text: TokenisedText | None = None,
        num_sequences: int | None = None,
    ) -> "NeedleTask":
        return NeedleTask(
            text or self._text,
            self._trained_on,
            num_tokens=num_tokens or self.num_tokens,
            depths=self._depths,
            num_sequences=num_sequences or self._num_sequences,
            asked=asked or self._asked,
        )

    def _place(self) -> list[int]:
        """First token of every needle."""
        first, width = int(self._text.first_token is not None), KEY_TOKENS + VALUE_TOKENS
        room = self.num_tokens - _QUESTION - width - first
        places = [first + round(depth * room) for depth in self._depths]
        if room < 0 or any(later - sooner < width for sooner, later in pairwise(places)):
            allowed = f"must leave room between needles of {width} tokens in {self.num_tokens} (task.num_tokens)"
            raise InputError(
                "evaluation.needle_depths", allowed, list(self._depths), "Name fewer or raise task.num_tokens."
            )
        return places

    def _draw(self) -> Batch:
        """Every depth draws the same windows and needles, so that depths differ by the question alone."""
        rows = []
        for depth in self._asked:
            rng = Rng(0, Stream.VALIDATION, 0)
            starts = rng.integers(len(self._text.held_out) - self.num_tokens, self._num_sequences)
            tokens = cut_windows(self._text.held_out, starts, 0, self.num_tokens).astype(np.int64)
            if self._text.first_token is not None:
                tokens[:, 0] = self._text.first_token
            shape = (self._num_sequences, len(self._depths), KEY_TOKENS + VALUE_TOKENS)
            needles = self._alphabet[rng.integers(len(self._alphabet), *shape)]
            for place, needle in zip(self._places, needles.swapaxes(0, 1), strict=True):
                tokens[:, place : place + needle.shape[1]] = needle
            tokens[:, -_QUESTION:] = needles[:, self._depths.index(depth), :-1]
            targets = np.full(tokens.shape, IGNORED_TARGET, dtype=np.int64)
            targets[:, -VALUE_TOKENS:] = needles[:, self._depths.index(depth), KEY_TOKENS:]
            rows.append((tokens, targets))
        tokens, targets = (np.concatenate(column) for column in zip(*rows, strict=True))
        return Batch(as_ids(tokens), as_ids(targets))
