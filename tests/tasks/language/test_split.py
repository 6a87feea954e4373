"""Nothing that is trained on is validated on."""

from hypothesis import given, settings
from hypothesis import strategies as st

from nas.tasks.language.corpus import Corpus, Document
from nas.tasks.language.split import split_corpus

CORPORA = st.dictionaries(
    st.from_regex(r"[a-c]/[a-d]{1,2}\Z|[a-z]{1,2}\Z"), st.integers(1, 300), min_size=1, max_size=12
)


def corpus_of(sizes: dict[str, int]) -> Corpus:
    """Each document holds a byte of its own, so that its bytes can be told wherever they end up."""
    names = sorted(sizes)
    return Corpus("test", tuple(Document(name, bytes([index]) * sizes[name]) for index, name in enumerate(names)), "")


@given(sizes=CORPORA, share=st.floats(0.01, 0.9))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_every_byte_is_on_exactly_one_side_and_no_more_than_the_share_is_held_out(
    sizes: dict[str, int], share: float
) -> None:
    corpus = corpus_of(sizes)
    train, held_out = split_corpus(corpus, share)
    assert sorted(train.tobytes() + held_out.tobytes()) == sorted(b"".join(d.content for d in corpus.documents))
    room = int(corpus.num_bytes * share)
    assert room / 2 <= len(held_out) <= room


def test_whole_folders_are_held_out_where_some_are_small_enough() -> None:
    corpus = corpus_of({f"{folder}/{file}": 100 for folder in "abcdefgh" for file in "xyz"})
    train, held_out = split_corpus(corpus, 0.25)
    assert len(held_out) == 600
    assert not set(train) & set(held_out)
    folder_of = [document.name[0] for document in corpus.documents]
    assert len({folder_of[byte] for byte in held_out}) == 2


def test_whole_files_are_held_out_where_folders_are_too_large() -> None:
    train, held_out = split_corpus(corpus_of({f"all/{file}": 100 for file in "abcdefghij"}), 0.2)
    assert len(held_out) == 200
    assert not set(train) & set(held_out)


def test_a_single_file_keeps_its_end_for_validation() -> None:
    content = bytes(range(200)) * 10
    train, held_out = split_corpus(Corpus("test", (Document("a", content),), ""), 0.1)
    assert train.tobytes() + held_out.tobytes() == content
    assert len(held_out) == 200


def test_an_edit_of_a_training_file_leaves_validation_as_it_is() -> None:
    sizes = {f"{letter}.txt": 100 for letter in "abcdefghijklmnopqrst"}
    train, held_out = split_corpus(corpus_of(sizes), 0.2)
    edited = sorted(sizes)[train[0]]
    assert set(split_corpus(corpus_of(sizes | {edited: 104}), 0.2)[1]) == set(held_out)
