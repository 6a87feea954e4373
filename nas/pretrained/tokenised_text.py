"""A user's text in a checkpoint's own tokens."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.errors import InputError
from nas.pretrained.loading import WHERE, load_tokenizer
from nas.tasks.language.corpus import read_corpus
from nas.tasks.language.split import split_corpus
from nas.tasks.language.text import TextSettings
from nas.tasks.language.windows import Tokens

_MOST_BYTES_A_TOKEN = 100
"""On average, of any text in its own vocabulary; usual are three to five."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TokenisedText:
    """Text as a model reads it.

    Args:
        source: where it came from, for reports and messages.
        train: token ids to train on.
        held_out: token ids to score.
        bytes_per_token: bytes of the held-out text, divided by its tokens.
        first_token: what the tokenizer puts in front of every text; None for nothing.
        vocab_size: entries of the model's vocabulary.
        fingerprint: hash of the text, hexadecimal.
    """

    source: str
    train: Tokens
    held_out: Tokens
    bytes_per_token: float
    first_token: int | None
    vocab_size: int
    fingerprint: str


def tokenise(folder: Path, settings: TextSettings, vocab_size: int) -> TokenisedText:
    """The text of a text task, split as that task splits it, in the tokens of a checkpoint.

    Args:
        folder: the checkpoint.
        settings: which text.
        vocab_size: entries of the model's vocabulary.

    Raises:
        InputError: there is no text, no tokenizer, or one that is not the model's.
    """
    tokenizer = load_tokenizer(folder)
    corpus = read_corpus(settings.path)
    train, held_out = (_decode(part) for part in split_corpus(corpus, settings.validation_share))
    train_ids, held_out_ids = _encode(tokenizer, train), _encode(tokenizer, held_out)
    num_bytes = len(train.encode()) + len(held_out.encode())
    _check_tokens(np.concatenate([train_ids, held_out_ids]), num_bytes, tokenizer.unk_token_id, vocab_size)
    return TokenisedText(
        source=corpus.source,
        train=train_ids,
        held_out=held_out_ids,
        bytes_per_token=len(held_out.encode()) / max(1, len(held_out_ids)),
        first_token=_first_token(tokenizer),
        vocab_size=vocab_size,
        fingerprint=corpus.fingerprint,
    )


def _check_tokens(tokens: Tokens, num_bytes: int, unknown: int | None, vocab_size: int) -> None:
    """Refuse a tokenizer without a vocabulary, which transformers makes where the file of one is missing, or another's.

    Args:
        tokens: of the whole text.
        num_bytes: of the whole text.
        unknown: the token of what is in no vocabulary; None if the tokenizer has none.
        vocab_size: entries of the model's vocabulary.
    """
    known = int((tokens != (-1 if unknown is None else unknown)).sum())
    if known * _MOST_BYTES_A_TOKEN < num_bytes:
        came = f"one that finds {known:,} tokens in {num_bytes:,} bytes of text"
        raise InputError(WHERE, "must hold its tokenizer", came, "Save it there with tokenizer.save_pretrained.")
    if (largest := int(tokens.max(initial=0))) >= vocab_size:
        allowed = f"must have a tokenizer whose tokens the model has, which are {vocab_size:,}"
        raise InputError(WHERE, allowed, f"token {largest:,}")


def _decode(part: NDArray[np.uint8]) -> str:
    return part.tobytes().decode("utf-8", errors="replace")


def _encode(tokenizer: Any, text: str) -> Tokens:
    return np.array(tokenizer(text, add_special_tokens=False, verbose=False).input_ids, dtype=np.int32)


def _first_token(tokenizer: Any) -> int | None:
    """The token that stands in front of every text, by what the tokenizer does with one."""
    bare = tokenizer("a", add_special_tokens=False).input_ids
    special = tokenizer("a").input_ids
    return int(special[0]) if len(special) > len(bare) and special[:1] != bare[:1] else None
