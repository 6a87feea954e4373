"""The token file of word pieces."""

from word_pieces import VOCABULARY, learnt, pieces

TEXT = "".join(f"def name_{number}(value):\n    return value + {number}\n" for number in range(300))


def test_pieces_are_the_text_again_and_fewer_than_its_bytes() -> None:
    tokenizer = learnt(TEXT)
    ids = pieces(tokenizer, TEXT)
    assert tokenizer.decode(ids.tolist()) == TEXT
    assert ids.max() < tokenizer.get_vocab_size() <= VOCABULARY
    assert len(ids) < len(TEXT) / 2


def test_what_the_vocabulary_has_not_seen_falls_back_to_bytes() -> None:
    tokenizer = learnt(TEXT)
    assert tokenizer.decode(pieces(tokenizer, "Größe: 3 µm\n").tolist()) == "Größe: 3 µm\n"
