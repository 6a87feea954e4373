"""One configuration file of a user: plain data, which runs nothing and names no file but those beside it.

Hydra resolves references and opens files while it composes, so a file is checked before Hydra sees it. What is not
known to be harmless is refused. A file may also be a link to any other file, so no message repeats a value.
"""

import re
from contextlib import suppress
from pathlib import Path

import yaml

from nas.config.keys import GROUPS
from nas.errors import InputError, NasError
from nas.plain_yaml import PlainLoader, place_of

MOST_YAML_BYTES = 2**16
"""Longest configuration file of a user, in bytes; settings take a few hundred."""

_REFERENCE = re.compile(r"\$\{[\w.\[\]-]+\}")
_CALL = re.compile(r"\$\{[\w.]*:?")
_NAME = re.compile(r"\w[\w.-]*")
_CHOICE = re.compile(rf"(override )?/(?P<group>{'|'.join(GROUPS)})(@_global_\.(?P=group))?")
_HEADER = re.compile(r"#\s*@")
_PACKAGE = re.compile(r"#\s*@package +(_global_|_group_)")


def check_user_file(file: Path) -> None:
    """Refuse a file that is more than plain settings; one that is no YAML is reported if it is chosen.

    Raises:
        InputError: it is too long, or holds references to anchors, tags, merged mappings, calls such as
            `${oc.env:HOME}`, keys of Hydra, another package than `_global_`, or a defaults list that names anything but
            choices; the message names the line.
    """
    if (size := file.stat().st_size) > MOST_YAML_BYTES:
        raise InputError(str(file), f"must be at most {MOST_YAML_BYTES:,} bytes long", size)
    with suppress(yaml.YAMLError, UnicodeDecodeError), file.open(encoding="utf-8") as stream:
        _check_header(stream.read(), file)
        stream.seek(0)
        try:
            loader = _UserLoader(stream)
            root = loader.get_single_node()
            if root is not None:
                _check_root(root, file)
                loader.construct_document(root)  # which refuses numbers that Hydra would fail at
        except RecursionError:
            raise NasError(f"{file}: must not be nested hundreds of levels deep. Write fewer brackets.") from None


def call_in(text: str) -> str:
    """The first `${...` of a text that is more than the name of another key, up to its colon; empty if there is none.

    Such as `${oc.env:`, for which OmegaConf would run a function.
    """
    rest = _REFERENCE.sub("", text)
    start = rest.find("${")
    found = _CALL.match(rest, start) if start >= 0 else None
    return found[0] if found else ""


class _UserLoader(PlainLoader):
    """Refuses calls as well."""

    def check(self, event: yaml.Event) -> None:
        super().check(event)
        if isinstance(event, yaml.ScalarEvent) and (call := call_in(event.value)):
            allowed = "may refer to another key, as ${seed} does, but call nothing"
            raise InputError(place_of(event), allowed, call, "Write the value itself.")


def _check_header(text: str, file: Path) -> None:
    """The comments at the top by which Hydra chooses where to put the settings, read as Hydra reads them."""
    for number, line in enumerate(text.splitlines(), start=1):
        if (words := line.strip()) and not _HEADER.match(words):
            return
        if words and not _PACKAGE.fullmatch(words):
            raise InputError(f"{file}:{number}", "must be '# @package _global_'", "# @", "Mend or remove the line.")


def _check_root(root: yaml.Node, file: Path) -> None:
    if not isinstance(root, yaml.MappingNode):
        raise InputError(str(file), "must be a mapping of keys to values", f"a {root.id}")
    for key, value in root.value:
        if key.value == "hydra":
            raise InputError(place_of(key), "must not set Hydra itself", "hydra", "Remove the key.")
        if key.value == "defaults":
            _check_defaults(value)


def _check_defaults(node: yaml.Node) -> None:
    """Names alone, so that Hydra opens no files but those of the groups, shipped and the user's."""
    for entry in node.value if isinstance(node, yaml.SequenceNode) else [node]:
        if not _names_a_choice(entry) or entry is node:
            allowed = "must be a list of names in groups, such as 'override /task: NAME'"
            remedy = f"Groups are {', '.join(GROUPS)}; names have no folder."
            raise InputError(place_of(entry), allowed, "an entry of another form", remedy)


def _names_a_choice(entry: yaml.Node) -> bool:
    if isinstance(entry, yaml.MappingNode):
        return len(entry.value) == 1 and _matches(_CHOICE, entry.value[0][0]) and _matches(_NAME, entry.value[0][1])
    return _matches(_NAME, entry)


def _matches(pattern: re.Pattern[str], node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and pattern.fullmatch(node.value) is not None
