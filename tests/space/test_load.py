import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nas.errors import InputError
from nas.search_spaces.hybrid import Hybrid
from nas.space.load import is_shipped, load_space

OWN = """
from dataclasses import dataclass

@dataclass(kw_only=True)
class Own:
    width: int
    kinds: list[str] | None = None

    def sample(self, suggest, shape):
        return self.width

class Plain:
    def sample(self, suggest, shape):
        return "plain"

class Bystander:
    def __init__(self):
        raise RuntimeError("nobody asked for this class")

not_a_class = 3
"""


@pytest.fixture
def own_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A module `own_space` in the current directory."""
    path = tmp_path / "own_space.py"
    path.write_text(OWN)
    monkeypatch.chdir(tmp_path)
    importlib.invalidate_caches()
    yield path
    sys.modules.pop("own_space", None)


@pytest.mark.parametrize(
    ("module", "shipped"),
    [
        ("search_spaces.hybrid", True),
        ("search_spaces.own", False),
        ("search_spaces", False),
        ("search_spaces.", False),
        ("search_spaces.hybrid.os", False),
        ("hybrid", False),
        ("", False),
    ],
)
def test_shipped_spaces_are_known_by_their_module(module: str, shipped: bool) -> None:
    assert is_shipped(module) == shipped


@pytest.mark.usefixtures("own_module")
def test_a_users_space_comes_from_the_current_directory_with_its_options() -> None:
    before = list(sys.path)
    space = load_space("own_space:Own", {"width": 3, "kinds": ["a"]})
    assert vars(space) == {"width": 3, "kinds": ["a"]}
    assert load_space("own_space:Plain", {}).sample(None, None) == "plain"
    assert sys.path == before


def test_a_shipped_space_gets_its_options() -> None:
    assert load_space("search_spaces.hybrid:Hybrid", {"window_tokens": [8, 16]}) == Hybrid(window_tokens=[8, 16])


@pytest.mark.parametrize("regular", [True, False], ids=["package", "namespace"])
def test_a_users_package_of_the_same_name_stands_beside_the_shipped_spaces(
    regular: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "search_spaces"
    folder.mkdir()
    for name in ["own", "hybrid", *(["__init__"] if regular else [])]:
        (folder / f"{name}.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    for name in [name for name in sys.modules if name.partition(".")[0] == "search_spaces"]:
        monkeypatch.delitem(sys.modules, name)
    importlib.invalidate_caches()
    assert type(load_space("search_spaces.hybrid:Hybrid", {})) is Hybrid
    assert "search_spaces" not in sys.modules, "the name is left to the user"
    assert load_space("search_spaces.own:Own", {"width": 3}).sample(None, None) == 3
    assert type(load_space("search_spaces.hybrid:Hybrid", {})) is Hybrid
    for name in ("search_spaces.own", "search_spaces"):
        monkeypatch.delitem(sys.modules, name)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"widow_tokens": [4]},
            "space.options.widow_tokens: unknown option of Hybrid; allowed: num_global_tokens, window_tokens, "
            "dilation, second_kind, num_second_heads, stride_tokens, got 'widow_tokens'. Did you mean 'window_tokens'?",
        ),
        ({"share_layers": True}, "space.options.share_layers: unknown option of Hybrid;"),
        ({"window_tokens": 4}, "space.options.window_tokens: must be a list of whole numbers or null, got 4."),
        (
            {"window_tokens": [True]},
            "space.options.window_tokens: must be a list of whole numbers or null, got [True].",
        ),
        ({"window_tokens": []}, "space.options.window_tokens: must hold at least one value and none twice, got []."),
        ({"dilation": [2, 2]}, "space.options.dilation: must hold at least one value and none twice, got [2, 2]."),
        ({"dilation": [0]}, "space.options.dilation: must hold numbers of 1 or more, got [0]."),
        ({"stride_tokens": [1]}, "space.options.stride_tokens: must hold numbers of 2 or more, got [1]."),
        ({"num_global_tokens": [-1]}, "space.options.num_global_tokens: must hold numbers of 0 or more, got [-1]."),
        (
            {"second_kind": ["strid"]},
            "space.options.second_kind: unknown kind; allowed: stride, columns, full, random, got",
        ),
    ],
)
def test_bad_options_are_told_with_their_place(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        load_space("search_spaces.hybrid:Hybrid", options)
    assert str(caught.value).startswith(message)


@pytest.mark.usefixtures("own_module")
@pytest.mark.parametrize(
    ("attribute", "options", "message"),
    [
        ("own_space:Own", {}, "space.options: must have the key 'width', got []."),
        ("own_space:Own", {"width": "3"}, "space.options.width: must be a whole number, got '3'."),
        ("own_space:Plain", {"width": 3}, "space.options: must be empty, Plain declares none, got {'width': 3}."),
        ("own_space:Owm", {}, "space.attribute: unknown class in own_space; allowed: Own, Plain, got 'Owm'. Did you"),
        ("own_space:not_a_class", {}, "space.attribute: must name a class with a method sample(suggest, shape), got"),
        ("own_space:Bystander", {}, "space.attribute: must name a class with a method sample(suggest, shape), got"),
        ("own_space", {}, "space.attribute: must be module:attribute, got 'own_space'."),
        ("own_space:Own()", {}, "space.attribute: must be module:attribute, got 'own_space:Own()'."),
        ("../own_space:Own", {}, "space.attribute: must be module:attribute, got '../own_space:Own'."),
        ("", {}, "space.attribute: must be module:attribute, got ''."),
        ("nowhere:Own", {}, "space.attribute: must name a module that can be found, got 'nowhere'."),
        (
            "nas.space.nowhere:Own",
            {},
            "space.attribute: must name a module that can be found, got 'nas.space.nowhere'.",
        ),
    ],
)
def test_a_space_that_cannot_be_found_or_made(attribute: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        load_space(attribute, options)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "came"),
    [
        ("def broken(:", "SyntaxError: invalid syntax"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import nowhere_either", "ModuleNotFoundError: No module named 'nowhere_either'"),
    ],
)
def test_a_module_that_does_not_import_is_told_in_one_line(own_module: Path, content: str, came: str) -> None:
    own_module.write_text(content)
    importlib.invalidate_caches()
    with pytest.raises(InputError) as caught:
        load_space("own_space:Own", {})
    assert str(caught.value).startswith("space.attribute: must name a module that imports; own_space raised an error")
    assert came in str(caught.value)
    assert "\n" not in str(caught.value)
