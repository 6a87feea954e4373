"""The tokens task: predict the next token of the user's own token file."""

import math
from dataclasses import dataclass
from hashlib import sha256

from nas.errors import InputError
from nas.ranges import check_range
from nas.tasks.language.token_file import open_tokens
from nas.tasks.language.windows import Tokens, WindowSettings, WindowTask
from nas.tasks.task import MOST_TOKENS, Metric


@dataclass(kw_only=True, slots=True)
class TokensSettings(WindowSettings):
    """Which tokens.

    Args:
        name: the task's name, `tokens`.
        path: a `.bin` (unsigned 16-bit) or `.npy` (one row of integers) file of token ids (`open_tokens`).
        vocab_size: entries of the vocabulary; None for the file's largest id + 1.
    """

    name: str = "tokens"
    vocab_size: int | None = None

    def __post_init__(self) -> None:
        WindowSettings.__post_init__(self)
        if self.vocab_size is not None:
            check_range("task.vocab_size", self.vocab_size, least=2, most=MOST_TOKENS)


class TokensTask(WindowTask):
    """The next token of a file, scored in nats per token; passes `nas.tasks.task.Task`.

    The end of the file is held out. The file is read once, for its hash and its largest id, and from then on
    where windows are cut.

    Args:
        settings: which file.

    Raises:
        InputError: no such file, ids outside the vocabulary, or too little for one sequence on each side.
    """

    name = "tokens"
    metric = Metric("loss", "nats per token", "minimize")

    def __init__(self, settings: TokensSettings) -> None:
        tokens = open_tokens(settings.path)
        num_train = len(tokens) - int(len(tokens) * settings.validation_share)
        super().__init__(str(settings.path), tokens[:num_train], tokens[num_train:], settings)
        self.vocab_size = _vocab_size(tokens, settings)
        self.chance = math.log(self.vocab_size)
        self.corpus_fingerprint: str | None = sha256(tokens.data).hexdigest()

    def quality(self, loss: float, accuracy: float) -> float:
        """Nats per token."""
        return loss


def _vocab_size(tokens: Tokens, settings: TokensSettings) -> int:
    least, most = int(tokens.min()), int(tokens.max())
    limit = MOST_TOKENS if settings.vocab_size is None else settings.vocab_size
    if least < 0 or most >= limit:
        remedy = "Raise task.vocab_size." if least >= 0 and most < MOST_TOKENS else ""
        raise InputError("task.path", f"must hold token ids from 0 to {limit - 1:,}", (least, most), remedy)
    return settings.vocab_size or max(2, most + 1)
