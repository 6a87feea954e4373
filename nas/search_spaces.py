"""The shipped search spaces as one package, `nas.search_spaces.hybrid` and so on, wherever their folder lies.

In a checkout that is `search_spaces/`, beside `nas`. A wheel holds it inside `nas`, so that an installed nas takes no
top-level name but its own.
"""

from pathlib import Path

_INSTALLED = Path(__file__).with_suffix("")

__path__ = [str(_INSTALLED if _INSTALLED.is_dir() else Path(__file__).parents[1] / "search_spaces")]
