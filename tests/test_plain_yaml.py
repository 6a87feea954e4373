"""YAML as plain data: no references, no tags, no merged mappings."""

import pytest
import yaml

from nas.errors import InputError
from nas.plain_yaml import load_plain


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: &x 1\nb: *x\n", r"^f\.yaml:2: must not refer to an anchor"),
        ("a: !!python/object:os.system 1\n", r"^f\.yaml:1: must not hold a tag"),
        ("a: !!binary hunter2\n", r"^f\.yaml:1: must not hold a tag"),
        ("a:\n  <<: {b: 1}\n", r"^f\.yaml:2: must not merge mappings"),
        (f"a:\n  b: {'9' * 5000}\n", r"^f\.yaml:2: must hold no number or date that is out of range"),
        (
            'a: "x\\e[2J"\n',
            r"^f\.yaml:1: must not hold what would act on a terminal, got 'a control character'\. "
            r"Write the text without it\.$",
        ),
        ('a:\n  "\\u202e": 1\n', r"^f\.yaml:2: must not hold what would act on a terminal"),
        ("a: 2026-02-31\n", r"^f\.yaml:1: must hold no number or date that is out of range"),
    ],
)
def test_what_is_not_plain_is_refused_with_its_place(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        load_plain(text.encode(), "f.yaml")
    assert "hunter2" not in str(caught.value)


def test_a_bomb_is_refused_before_it_expands() -> None:
    levels = "".join(f"l{level}: &l{level} [{', '.join([f'*l{level - 1}'] * 10)}]\n" for level in range(1, 30))
    with pytest.raises(InputError, match=r"^f\.yaml:2: must not refer to an anchor"):
        load_plain(f"l0: &l0 [lol]\n{levels}".encode(), "f.yaml")


def test_plain_data_is_read_as_yaml_reads_it() -> None:
    text = "a: 1\nb: [x, 2.5, null, true]\nc: {d: 'ä'}\n".encode()
    assert load_plain(text, "f.yaml") == yaml.safe_load(text)
    with pytest.raises(yaml.YAMLError):
        load_plain(b"a: [", "f.yaml")
