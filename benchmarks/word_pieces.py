"""The default text in word pieces, as a token file: what the table S-pieces-drawn was trained on.

    python benchmarks/word_pieces.py /tmp/pieces.npy
    nas table build tables/ladder/S-pieces-drawn.jsonl --seeds 1 --learning-rates 4e-3 space=tabular preset=table \\
        task=tokens task.path=/tmp/pieces.npy task.validation_share=... --patterns 24 proxy.rope_base=100 \\
        training.num_steps=960 training.num_rungs=3

A byte-pair vocabulary is learnt from the bytes that the text task trains on. Printed is the share of the pieces that
are its held-out bytes, which stand last, for `task.validation_share`, and how many bytes a piece has.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel as BytesOfPieces
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.trainers import BpeTrainer

from nas.errors import NasError
from nas.tasks.language.corpus import read_corpus
from nas.tasks.language.split import split_corpus
from nas.tasks.language.text import TextSettings

VOCABULARY = 1_024
"""Pieces: a proxy of 131 thousand parameters has half as many again in their embeddings."""
PARTS = 4_096
"""Lines that are encoded at a time."""


def learnt(text: str) -> Tokenizer:
    """A byte-pair vocabulary of a text."""
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False)
    tokenizer.decoder = BytesOfPieces()
    trainer = BpeTrainer(vocab_size=VOCABULARY, initial_alphabet=ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(_parts(text), trainer)
    return tokenizer


def pieces(tokenizer: Tokenizer, text: str) -> NDArray[np.uint16]:
    """The ids of a text's pieces, shape (pieces,)."""
    found = [np.array(one.ids, dtype=np.uint16) for one in tokenizer.encode_batch(list(_parts(text)))]
    return np.concatenate(found)


def _parts(text: str) -> Iterator[str]:
    lines = text.splitlines(keepends=True)
    for start in range(0, len(lines), PARTS):
        yield "".join(lines[start : start + PARTS])


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path, help="the token file to write, a .npy")
    options = parser.parse_args(words)
    try:
        sides = split_corpus(read_corpus(), TextSettings().validation_share)
    except NasError as error:
        print(f"word_pieces.py: {error}", file=sys.stderr)
        return 2
    train, held_out = (side.tobytes().decode("utf-8", "replace") for side in sides)
    tokenizer = learnt(train)
    ids = [pieces(tokenizer, side) for side in (train, held_out)]
    np.save(options.path, np.concatenate(ids))
    num, all_bytes = sum(map(len, ids)), sum(map(len, sides))
    print(f"{num:,} pieces of {all_bytes / num:.2f} bytes; held out: {len(ids[1]) / num:.8f} of them")
    return 0


if __name__ == "__main__":
    sys.exit(main())
