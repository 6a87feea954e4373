"""The list of keys in the help of `nas search`."""

import re

from nas.cli.search_help import keys_text
from nas.config.folder import choices
from nas.config.keys import FREE, GROUPS, all_keys


def entries() -> dict[str, str]:
    """Descriptions by name, unwrapped."""
    found: dict[str, str] = {}
    for line in keys_text().splitlines():
        if match := re.match(r"  (\S+)(.*)", line):
            name = match[1]
            found[name] = match[2].strip()
        elif line.startswith(" "):
            found[name] = f"{found[name]} {line.strip()}".strip()
    return found


def test_every_group_is_listed_with_all_of_its_choices() -> None:
    listed = entries()
    for group in GROUPS:
        assert listed[f"{group}="].startswith(f"{', '.join(choices(group))}: ")


def test_every_key_is_listed_once_and_described() -> None:
    settings = keys_text().partition("\nsettings:\n")[2]
    listed = re.findall(r"^  (\S+)", settings, re.MULTILINE)
    assert len(listed) == len(set(listed))
    chosen_by_group = {"preset", "task.name", "evaluation.name", "executor.name"}
    assert set(listed) == set(all_keys()) - chosen_by_group - {FREE} | {f"{FREE}.KEY"}
    assert all(entries().values())


def test_lines_fit_the_help_and_speak_its_language() -> None:
    text = keys_text()
    assert max(map(len, text.splitlines())) <= 100
    assert not re.search(r"\bNone\b|`", text)
