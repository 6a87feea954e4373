"""The list of keys in `nas search --help`."""

import re
from textwrap import wrap

from nas.cli.verb import HELP_WIDTH
from nas.config.folder import choices
from nas.config.keys import FREE, GROUPS, Key, all_keys
from nas.results.objective import OBJECTIVES
from nas.search.settings import SAMPLER_NAMES

_NAME_WIDTH = 26

_GROUP_NOTES = {
    "preset": "the size of the search: defaults for the keys below",
    "space": "the patterns to search, or module:Class of your own (docs/spaces.md)",
    "task": "the task that proxies learn (docs/tasks.md)",
    "target": "the model that costs are counted for, or the path of its config.json (docs/targets.md)",
    "tracking": "Weights & Biases (docs/tracking.md)",
    "evaluation": "train proxies from scratch, or plug patterns into a checkpoint that you have (docs/checkpoints.md)",
    "executor": "workers on this machine, or on a Ray cluster (docs/scaling.md)",
    "fidelity": "whether some patterns are trained longer, to check the ranking (docs/fidelity.md)",
}


_SETTING_NOTES = {
    "sampler": f"one of {', '.join(SAMPLER_NAMES)}",
    "objectives": f"two or more of {', '.join(OBJECTIVES)}, as a list: [quality,flops]; quality_2x where "
    "training.test_lengths has 2",
    "extra_tasks": "further tasks that every pattern is trained on, each at its own length: names, or settings "
    "that begin with one, as a list: [recall,{name: noisy_recall, num_tokens: 64}]",
    "space.attribute": "module:Class, as space=module:Class sets it",
    FREE: "an option of the space, often a list of values to choose from (docs/spaces.md)",
}
"""Descriptions for the command line, where the docstring names what programs import."""


def keys_text() -> str:
    """Two lists: keys whose value is the name of a YAML file, and single settings."""
    groups = [_entry(f"{name}=", f"{', '.join(choices(name))}: {_GROUP_NOTES[name]}") for name in GROUPS]
    settings = [
        _entry(f"{key.name}.KEY" if key.name == FREE else key.name, _note(key))
        for key in all_keys().values()
        if key.name not in ("preset", "task.name", "evaluation.name", "executor.name")
    ]
    return "\n".join(["sets of settings:", *groups, "", "settings:", *settings])


def _note(key: Key) -> str:
    """The description of a key, in the terms of the command line."""
    words = _SETTING_NOTES.get(key.name, key.description)
    return re.sub(r"\bNone\b", "null", words).replace("`", "").removesuffix(".")


def _entry(name: str, description: str) -> str:
    """A name with its wrapped description, indented as argparse does it."""
    gap = " " * _NAME_WIDTH
    lines = wrap(description, HELP_WIDTH, initial_indent=gap, subsequent_indent=gap, break_on_hyphens=False)
    head = f"  {name}"
    if len(head) + 2 > _NAME_WIDTH:
        return "\n".join([head, *lines])
    return "\n".join([head.ljust(_NAME_WIDTH) + lines[0].lstrip(), *lines[1:]])
