"""docs/python-reference.md is made of docstrings; `python tests/docs/test_python_reference.py` writes it again."""

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from textwrap import dedent, fill, indent
from types import FunctionType
from typing import Any

import nas

PAGE = Path(__file__).parents[2] / "docs" / "python-reference.md"

CHAPTERS = {
    "Searches": ["run_study", "Observer"],
    "Results": ["read_front", "Front"],
    "Patterns": ["load_pattern", "label", "ModelPattern", "SparseAttention"],
    "Costs": ["cost", "Target", "TargetOptions"],
    "Settings": [
        "StudySettings",
        "SpaceSettings",
        "TextSettings",
        "RecallSettings",
        "ScratchSettings",
        "CheckpointSettings",
        "ProxySettings",
        "TrainingSettings",
        "ConstraintSettings",
        "FidelitySettings",
        "RaySettings",
    ],
}
"""What `import nas` offers, in the order of the page."""

SECTIONS = {
    "StudySettings": "the-study",
    "SpaceSettings": "space",
    "TextSettings": "tasktext",
    "RecallSettings": "taskrecall",
    "ScratchSettings": "evaluationscratch",
    "CheckpointSettings": "evaluationcheckpoint",
    "ProxySettings": "proxy",
    "TrainingSettings": "training",
    "ConstraintSettings": "constraints",
    "FidelitySettings": "fidelity",
    "RaySettings": "executorray",
    "Target": "target",
    "TargetOptions": "target",
}
"""Where docs/settings.md describes the fields of a class."""

HOOKS = ("extra_repr",)
"""Methods that a library calls, not a user."""

INTRODUCTION = """# Python reference

Every name of `import nas`, made from the docstrings; [From Python](python.md) shows them in use.
What is not listed here may change without notice. `nas.__version__` is the version as text.
"""


_HEADS = ("Args", "Returns", "Yields", "Raises", "Source")
_HEAD = re.compile(rf"^({'|'.join(_HEADS)}):[ \n]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Docstring:
    """A docstring, taken apart.

    Args:
        text: what stands above its first section, in paragraphs.
        sections: by their heads, as they stand, without indentation.
    """

    text: str
    sections: dict[str, str]

    @classmethod
    def of(cls, thing: object) -> "Docstring":
        """That of a class, a function or a property; inherited if it has none itself."""
        parts = _HEAD.split(inspect.getdoc(thing) or "")
        sections = {head: dedent(body).strip() for head, body in zip(parts[1::2], parts[2::2], strict=True)}
        return cls(parts[0].strip(), sections)

    @property
    def summary(self) -> str:
        """The first sentence, in one line."""
        return " ".join(self.text.split("\n\n")[0].split())

    def named(self, head: str) -> list[tuple[str, str]]:
        """The entries `name: text` of a section, each text in one line."""
        found = re.finditer(r"^(\w+): (.*(?:\n +.*)*)", self.sections.get(head, ""), re.MULTILINE)
        return [(entry[1], " ".join(entry[2].split())) for entry in found]


def page() -> str:
    chapters = [f"## {title}\n\n" + "\n".join(map(_entry, names)) for title, names in CHAPTERS.items()]
    return "\n".join([INTRODUCTION, *chapters])


def _entry(name: str) -> str:
    thing = getattr(nas, name)
    if name in SECTIONS:
        return f"### nas.{name}\n\n{_settings(name, thing)}"
    if not inspect.isclass(thing):
        return f"### nas.{name}\n\n{_signature(name, thing)}{_prose(thing)}"
    called = _signature(name, thing) if name in ("SparseAttention", "ModelPattern") else ""
    members = [_member(member, value) for member, value in _members(thing)]
    return f"### nas.{name}\n\n{called}{_prose(thing)}\n" + "\n".join(members)


def _settings(name: str, thing: type[Any]) -> str:
    """Fields are keys of the command line, so they are described there."""
    errors = "".join(f"Raises `{error}`: {text}\n" for error, text in Docstring.of(thing).named("Raises"))
    text = f"{Docstring.of(thing).summary} [Its fields](settings.md#{SECTIONS[name]}) are keyword-only."
    return f"{_filled(text)}\n\n{_filled(errors)}\n" if errors else f"{_filled(text)}\n"


def _members(thing: type[Any]) -> Iterator[tuple[str, Any]]:
    kinds = (property, cached_property, classmethod, staticmethod, FunctionType)
    for name, value in vars(thing).items():
        if isinstance(value, kinds) and not name.startswith("_") and name not in HOOKS:
            yield name, value


def _member(name: str, value: Any) -> str:
    if isinstance(value, property | cached_property):
        return f"#### {name}\n\n{_prose(value)}"
    function = value.__func__ if isinstance(value, classmethod | staticmethod) else value
    return f"#### {name}()\n\n{_signature(name, function)}{_prose(function)}"


def _signature(name: str, thing: Callable[..., Any]) -> str:
    signature = inspect.signature(thing)
    kept = [_parameter(one) for one in signature.parameters.values() if one.name not in ("self", "cls")]
    returned = "" if inspect.isclass(thing) else f" -> {_annotation(signature.return_annotation)}"
    text = f"{name}({', '.join(kept)}){returned}"
    if len(text) > 100:
        text = f"{name}(\n" + "".join(f"    {one},\n" for one in kept) + f"){returned}"
    return f"```python\n{text}\n```\n\n"


def _parameter(parameter: inspect.Parameter) -> str:
    default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
    return f"{parameter.name}: {_annotation(parameter.annotation)}{default}"


def _annotation(annotation: Any) -> str:
    text = inspect.formatannotation(annotation).replace("ForwardRef", "").replace("'", "")
    text = re.sub(r"\b(?:nas|typing|collections|pathlib)\.(?:\w+\.)*", "", text)
    return re.sub(r"numpy\.ndarray\[tuple\[.*?\], numpy\.dtype\[(.*?)\]\]", r"NDArray[\1]", text)


def _prose(thing: Any) -> str:
    said = Docstring.of(thing)
    parts = [_filled(" ".join(paragraph.split())) for paragraph in said.text.split("\n\n") if paragraph.strip()]
    if arguments := said.named("Args"):
        parts.append("\n".join(_item(f"`{name}`: {text}") for name, text in arguments))
    if returned := said.sections.get("Returns"):
        parts.append(_filled(f"Returns {' '.join(returned.split())}"))
    parts += [_filled(f"Raises `{error}`: {text}") for error, text in said.named("Raises")]
    if source := said.sections.get("Source"):
        parts.append(_filled(f"Source: {' '.join(source.split())}"))
    return "\n\n".join(parts) + "\n"


def _item(text: str) -> str:
    return "- " + indent(_filled(text, 98), "  ")[2:]


def _filled(text: str, width: int = 100) -> str:
    linked = re.sub(r"docs/(\w+)\.md", r"[\1](\1.md)", text.strip())
    return fill(linked, width, break_long_words=False, break_on_hyphens=False)


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python tests/docs/test_python_reference.py"


def test_every_name_is_listed() -> None:
    assert {name for names in CHAPTERS.values() for name in names} == set(nas.__all__) - {"__version__"}


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
