"""YAML as plain data: every value stands where it is read, as it reads.

References to anchors expand a few lines to millions of values, and tags make something else of a value.
"""

from typing import Any

import yaml

from nas.errors import InputError


class PlainLoader(yaml.SafeLoader):  # type: ignore[misc]
    """Refuses references, tags and merged mappings with file and line; never repeats what a file says."""

    def compose_node(self, parent: yaml.Node | None, index: object) -> yaml.Node:
        """See `yaml.composer.Composer`."""
        self.check(self.peek_event())
        return super().compose_node(parent, index)

    def check(self, event: yaml.Event) -> None:
        """Refuse what is not plain.

        Raises:
            InputError: the event is a reference, has a tag, or merges mappings.
        """
        if isinstance(event, yaml.AliasEvent):
            raise InputError(place_of(event), "must not refer to an anchor", "*", "Write out the value.")
        if event.tag is not None:
            raise InputError(place_of(event), "must not hold a tag of YAML", "!", "Write the plain value.")
        if isinstance(event, yaml.ScalarEvent) and event.value == "<<":
            raise InputError(place_of(event), "must not merge mappings", "<<", "Write out the keys.")


def load_plain(content: bytes, name: str) -> Any:
    """The document in a YAML file.

    Args:
        content: of the file.
        name: of the file, for messages.

    Raises:
        InputError: it holds references, tags or merged mappings.
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
