"""What completes an argument: words that are known when the script is printed, or a function of the shell."""

from argparse import Action
from collections.abc import Callable, Iterator

import shtab

from nas.cli.shell_functions import STUDIES, pattern_functions
from nas.config.folder import choices
from nas.config.keys import FREE, GROUPS, Key, all_keys
from nas.costs.native import NATIVE
from nas.export import FORMATS
from nas.results.objective import OBJECTIVES
from nas.search.settings import SAMPLER_NAMES
from nas.space.baselines import BASELINES


def say_how(argument: Action, *, is_path: bool, is_folder: bool) -> None:
    """Tell shtab how an argument is completed, by what it is called or as a path.

    Args:
        argument: of one command.
        is_path: whether it is a path.
        is_folder: whether it is the path of a folder.
    """
    if argument.dest in _WORDS:
        argument.choices = list(_WORDS[argument.dest]())
    elif argument.dest in ("study", "studies"):
        argument.complete = STUDIES  # type: ignore[attr-defined]  # read by shtab
    elif argument.dest == "pattern":
        argument.complete = pattern_functions([*BASELINES, NATIVE])  # type: ignore[attr-defined]
    elif is_path:
        argument.complete = shtab.DIRECTORY if is_folder else shtab.FILE  # type: ignore[attr-defined]


def setting_words() -> Iterator[str]:
    """`preset=quick` for values that are known, `seed=` for others."""
    for group in GROUPS:
        yield from (f"{group}={name}" for name in choices(group))
    yield from (f"sampler={name}" for name in SAMPLER_NAMES)
    for key in all_keys().values():
        if key.name not in ("sampler", *GROUPS):
            yield from _values(key)


def _values(key: Key) -> Iterator[str]:
    if key.name == FREE:
        yield f"{key.name}."
    elif key.hint is bool:
        yield from (f"{key.name}=true", f"{key.name}=false")
    else:
        yield f"{key.name}="


_WORDS: dict[str, Callable[[], Iterator[str]]] = {
    "overrides": setting_words,
    "format": lambda: iter(FORMATS),
    "target": lambda: iter(choices("target")),
    "best": lambda: iter(("knee", *OBJECTIVES)),
}
"""Words by what an argument is called."""
