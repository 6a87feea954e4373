"""YAML as plain data: every value stands where it is read, as it reads.

References to anchors expand a few lines to millions of values, and tags make something else of a value.
"""

from typing import Any
from unicodedata import category

import yaml

from nas.errors import InputError

_ACTING = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Categories of Unicode whose characters control, turn, hide or break text."""


class PlainLoader(yaml.SafeLoader):  # type: ignore[misc]
    """Refuses references, tags and merged mappings with file and line; never repeats what a file says."""

    def compose_node(self, parent: yaml.Node | None, index: object) -> yaml.Node:
        """See `yaml.composer.Composer`."""
        self.check(self.peek_event())
        return super().compose_node(parent, index)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """See `yaml.constructor.BaseConstructor`; Python has no number of 5,000 digits and no 31 February."""
        try:
            return super().construct_object(node, deep)
        except InputError:
            raise  # of a part of this one
        except (ValueError, OverflowError):
            allowed = "must hold no number or date that is out of range"
            raise InputError(place_of(node), allowed, "one", "Write it in quotes if it is text.") from None

    def check(self, event: yaml.Event) -> None:
        """Refuse what is not plain.

        Raises:
            InputError: the event is a reference, has a tag, merges mappings, or holds control characters.
        """
        if isinstance(event, yaml.AliasEvent):
            raise InputError(place_of(event), "must not refer to an anchor", "*", "Write out the value.")
        if event.tag is not None:
            raise InputError(place_of(event), "must not hold a tag of YAML", "!", "Write the plain value.")
        if isinstance(event, yaml.ScalarEvent) and event.value == "<<":
            raise InputError(place_of(event), "must not merge mappings", "<<", "Write out the keys.")
        if isinstance(event, yaml.ScalarEvent) and any(map(_acts, event.value)):
            allowed = "must not hold what would act on a terminal"
            raise InputError(place_of(event), allowed, "a control character", "Write the text without it.")


def load_plain(content: bytes, name: str) -> Any:
    """The document in a YAML file.

    Args:
        content: of the file.
        name: of the file, for messages.

    Raises:
        InputError: it holds references, tags, merged mappings, control characters, or a number or date that is out of
            range.
        yaml.YAMLError: it is no YAML.
    """
    loader = PlainLoader(content)
    loader.name = name
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


def place_of(found: yaml.Node | yaml.Event) -> str:
    """`file:line` of a part of a file."""
    return f"{found.start_mark.name}:{found.start_mark.line + 1}"


def _acts(character: str) -> bool:
    """Whether a character controls a terminal, or turns or hides text; settings are shown to people."""
    return category(character) in _ACTING and character not in "\n\t"
