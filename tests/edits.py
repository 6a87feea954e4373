"""Edits of a file as a careless person, a broken disk or a stranger makes them: of what it says, then of its bytes.

An edit is a value that JSON can hold, so that a case that found a defect is kept as text (`cli/fuzz_corpus.json`).
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import yaml
from hypothesis import strategies as st

Place = tuple[str | int, ...]
"""Keys and indexes that lead to a part of a document."""

_AGAIN = "\0again"
"""Ends the name of a key that is written without this ending, as a second one of its name."""
_RAW = "\0raw"
"""Begins what is to be written as it is, without this beginning and the quotes of a string."""


class Put(msgspec.Struct, frozen=True, tag=True):
    """Another value in a place, as it is to be written: `NaN`, or `"../x"` in its quotes.

    Args:
        at: the place.
        text: the value.
        times: how often the text is repeated.
    """

    at: Place
    text: str
    times: int = 1


class Remove(msgspec.Struct, frozen=True, tag=True):
    """A key or an entry less."""

    at: Place


class Add(msgspec.Struct, frozen=True, tag=True):
    """A key more in the object at a place, a second one if it has that key; in a list, an entry more at its end."""

    at: Place
    key: str
    text: str


class Copy(msgspec.Struct, frozen=True, tag=True):
    """In a place the value of another one."""

    at: Place
    source: Place


class Cut(msgspec.Struct, frozen=True, tag=True):
    """The file ends after a share of its bytes."""

    share: float


class Splice(msgspec.Struct, frozen=True, tag=True):
    """Bytes more, after a share of the file; given in Latin-1."""

    share: float
    text: str


class Recode(msgspec.Struct, frozen=True, tag=True):
    """The same text in another encoding."""

    encoding: str


Edit = Put | Remove | Add | Copy | Cut | Splice | Recode


def edited(content: bytes, suffix: str, edits: Sequence[Edit]) -> bytes:
    """The content of a file after some edits; those whose place an earlier one took do nothing.

    Args:
        content: of a file of JSON, JSON Lines, or YAML, which is written as JSON again.
        suffix: of its name.
        edits: in their order.
    """
    document = parsed(content, suffix)
    for edit in edits:
        if isinstance(edit, Put | Remove | Add | Copy):
            document = _edit(document, edit)
    raws = [edit.text * (edit.times if isinstance(edit, Put) else 1) for edit in edits if isinstance(edit, Put | Add)]
    new = header(content) + _written(document, suffix, raws).encode(errors="surrogatepass")
    for edit in edits:
        if isinstance(edit, Cut):
            new = new[: int(edit.share * len(new))]
        elif isinstance(edit, Splice):
            middle = int(edit.share * len(new))
            new = new[:middle] + edit.text.encode("latin-1") + new[middle:]
        elif isinstance(edit, Recode):
            new = new.decode(errors="replace").encode(edit.encoding, errors="replace")
    return new


def parsed(content: bytes, suffix: str) -> Any:
    """A file's document; of JSON Lines the list of them."""
    if suffix == ".jsonl":
        return [json.loads(line) for line in content.splitlines()]
    return yaml.safe_load(content) if suffix == ".yaml" else json.loads(content)


def header(content: bytes) -> bytes:
    """The comments at the top of a file of YAML, by which Hydra is told where its settings belong."""
    found = re.match(rb"(#.*\n)*", content)
    assert found is not None
    return found[0]


def places(document: Any, inside: Place = ()) -> Iterator[Place]:
    """Every place of a document, itself first."""
    yield inside
    parts = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, part in parts:
        yield from places(part, (*inside, key))


def value_at(document: Any, place: Place) -> Any:
    """What stands in a place that the document has."""
    return _at(document, place)[0]


def edits_of(document: Any, depths: Sequence[int] = (50, 2000, 100_000)) -> st.SearchStrategy[tuple[Edit, ...]]:
    """One or two edits that fit a document.

    Args:
        document: what is edited.
        depths: levels of nesting that an edit may add.
    """
    known = list(places(document))
    at, texts = st.sampled_from(known), values()
    keys = st.sampled_from([str(place[-1]) for place in known if place] or ["x"]) | st.sampled_from(STRINGS)
    shares = st.floats(0, 1, exclude_max=True)
    of_content = st.one_of(
        st.builds(Put, at=at, text=texts),
        st.builds(Put, at=at, text=st.sampled_from(["[", '{"a":']), times=st.sampled_from(depths)),
        st.builds(Remove, at=at),
        st.builds(Add, at=at, key=keys, text=texts),
        st.builds(Copy, at=at, source=at),
    )
    of_bytes = st.one_of(
        st.builds(Cut, share=shares),
        st.builds(Splice, share=shares, text=st.sampled_from(TOKENS)),
        st.builds(Recode, encoding=st.sampled_from(["utf-16", "utf-8-sig", "latin-1", "utf-32-be"])),
    )
    few = st.lists(of_content, min_size=1, max_size=2).map(tuple)
    return st.one_of(few, few, few, st.tuples(of_bytes), st.tuples(of_content, of_bytes))


def values() -> st.SearchStrategy[str]:
    """Values as they are written in JSON, from likely to absurd."""
    return st.sampled_from([*NUMBERS, *OTHERS, *(json.dumps(text) for text in STRINGS)])


NUMBERS = (
    "0", "1", "-1", "2", "3", "7", "64", "0.5", "-0.0", "1.0", "1e-320", "1e308", "-1e308", "1e400", "NaN", "Infinity",
    "-Infinity", "512", "65536", "2147483648", "-9223372036854775809", "18446744073709551616", "1" + 40 * "0",
    "9" * 400, "9" * 5000,
)  # fmt: skip
OTHERS = (
    "null", "true", "false", "[]", "{}", "[null]", '[""]', "[[]]", '{"": 0}', '{"kind": "full"}', "[1, 2, 3]",
    '["full"]', '{"_target_": "os.system"}', "", "'", "[,]", "0x10", "1_000", ".5", "+1",
)  # fmt: skip
STRINGS = (
    "", " ", "x", "0", "nan", "null", "full", "quality", "flops", "nas.pattern/1", "nas.front/0", "nas.front/2",
    "nas.provenance/99", "nas.bundle/1.5", "nas.table/2", "../x", "../../x", "/etc/passwd", "/tmp/nas-planted",
    "a/b", "a\0b", "~", "~nobody-of-that-name/x", "C:\\x", "file:///etc/passwd", "${oc.env:HOME}", "${seed}",
    "_target_", "__class__", "<script>alert(1)</script>", "{{7*7}}", "[bold]x[/bold]", "[/]", "%s %n", "{0}",
    "line\nline", "tab\tx", "\r\n", "\x1b[2J\x1b]0;x\x07", "\x7f", "\u202etxt", "\u2028", "\ufeff", "\ud800", "é" * 3,
    "🧨", "名前", "x" * 3000, "x " * 2000, "-x", "--out=/x", "@file", "#1", "0" * 500, "a" * 200 + ".json",
)  # fmt: skip
TOKENS = (
    "\0", "\xff", "\xfe\xff", "\xef\xbb\xbf", "\x1b[2J", "\r", "\n", "\n\n", "{", "}", "[", "]", '"', ",", ":", "//",
    "#", "/* */", "\\u0000", "\\ud800", "\\x", "&a ", "*a", "!!python/object/apply:os.system [id] ", "!x ", "<<: ",
    "---\n", "...\n", "%YAML 9.9\n", "\t", "? ", "- ", "| ", "${oc.env:HOME}", "${",
    "# @package hydra\n", "defaults: [/x]\n",
)  # fmt: skip


def _edit(document: Any, edit: Put | Remove | Add | Copy) -> Any:
    if isinstance(edit, Copy):
        found, there = _at(document, edit.source)
        return _with(document, edit.at, json.loads(json.dumps(found))) if there and not _has_raw(found) else document
    if isinstance(edit, Put):
        return _with(document, edit.at, _RAW + edit.text * edit.times)
    found, there = _at(document, edit.at)
    if isinstance(edit, Add) and isinstance(found, dict):
        found[f"{edit.key}{_AGAIN}" if edit.key in found else edit.key] = _RAW + edit.text
    elif isinstance(edit, Add) and isinstance(found, list):
        found.append(_RAW + edit.text)
    elif isinstance(edit, Remove) and there and edit.at:
        del _at(document, edit.at[:-1])[0][edit.at[-1]]
    return document


def _has_raw(node: Any) -> bool:
    parts = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return (isinstance(node, str) and node.startswith(_RAW)) or any(map(_has_raw, parts))


def _with(document: Any, at: Place, value: Any) -> Any:
    if not at:
        return value
    _, there = _at(document, at)
    if there:
        _at(document, at[:-1])[0][at[-1]] = value
    return document


def _at(document: Any, at: Place) -> tuple[Any, bool]:
    for key in at:
        inside = isinstance(document, dict) and key in document
        inside = inside or (isinstance(document, list) and isinstance(key, int) and key < len(document))
        if not inside:
            return None, False
        document = document[key]
    return document, True


def _written(document: Any, suffix: str, raws: Sequence[str]) -> str:
    """The text of a document, in which some texts stand as they are instead of as strings."""
    if suffix == ".jsonl" and isinstance(document, list):
        return "".join(f"{_dump(line, raws)}\n" for line in document)
    return _dump(document, raws)


def _dump(node: Any, raws: Sequence[str]) -> str:
    text = json.dumps(node).replace(json.dumps(_AGAIN)[1:-1], "")
    for raw in raws:
        text = text.replace(json.dumps(_RAW + raw), raw)
    return text
