import pytest

from nas.patterns.primitives.wording import counted, leading, ordinal


@pytest.mark.parametrize(
    ("number", "word"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (13, "13th"), (22, "22nd"), (1012, "1,012th")],
)
def test_ordinals(number: int, word: str) -> None:
    assert ordinal(number) == word


def test_one_has_no_plural_and_thousands_have_a_comma() -> None:
    assert [counted(1, "key"), counted(0, "key"), counted(1024, "key")] == ["1 key", "0 keys", "1,024 keys"]
    assert [leading(1, "token"), leading(4, "token")] == ["token", "4 tokens"]
