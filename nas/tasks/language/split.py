"""Which part of a corpus is held out for validation."""

from collections.abc import Callable, Iterable
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from nas.tasks.language.corpus import Corpus, Document

Bytes = NDArray[np.uint8]


def split_corpus(corpus: Corpus, validation_share: float) -> tuple[Bytes, Bytes]:
    """Bytes to train on and bytes to validate on, with no byte of the corpus in both.

    Files of one folder resemble each other, so whole top-level folders (and single files next to them) are held
    out where some are small enough; else whole files; else, as in a single long file, the end of the corpus.
    Which ones is decided by the hash of their names, so that an edit elsewhere seldom changes it.

    Args:
        corpus: what to split.
        validation_share: most bytes to hold out, as a share of the corpus, 0 to 1.

    Returns:
        (train, validation), each one array in the order of the documents.
    """
    room = int(corpus.num_bytes * validation_share)
    for group_of in (_top_folder, _own_name):
        names = _fill(corpus, room, group_of)
        held_out = _joined(document for document in corpus.documents if document.name in names)
        if len(held_out) >= room / 2:
            return _joined(document for document in corpus.documents if document.name not in names), held_out
    everything = _joined(corpus.documents)
    return everything[: len(everything) - room], everything[len(everything) - room :]


def _fill(corpus: Corpus, room: int, group_of: Callable[[Document], str]) -> set[str]:
    """Names of the documents of whole groups, taken in the order of their names' hashes, each if it still fits."""
    groups: dict[str, list[Document]] = {}
    for document in corpus.documents:
        groups.setdefault(group_of(document), []).append(document)
    names: set[str] = set()
    for group in sorted(groups, key=lambda name: sha256(name.encode("utf-8", "surrogateescape")).digest()):
        size = sum(len(document.content) for document in groups[group])
        if size <= room:
            names.update(document.name for document in groups[group])
            room -= size
    return names


def _top_folder(document: Document) -> str:
    return document.name.split("/", 1)[0]


def _own_name(document: Document) -> str:
    return document.name


def _joined(documents: Iterable[Document]) -> Bytes:
    return np.frombuffer(b"".join(document.content for document in documents), dtype=np.uint8)
