"""Loading a space from `module:attribute` and plain options."""

import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, fields, is_dataclass
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, cast, get_type_hints

from nas.errors import InputError, unknown
from nas.space.option_types import describe, fits
from nas.space.space import Space


def load_space(attribute: str, options: Mapping[str, Any]) -> Space:
    """A space from its class and its options.

    The module is imported, also from the current directory; nothing in it but the named class is called.
    Shipped spaces are named `search_spaces.hybrid:Hybrid` and so on, wherever nas is installed. A package
    `search_spaces` of the user's keeps every module name that no shipped space has.

    Args:
        attribute: `module:attribute` of a class whose instances are a `nas.space.space.Space`; a dataclass, if it
            has options.
        options: keyword arguments of that class, as plain values.

    Raises:
        InputError: the module or class is not found, an option is unknown or missing, or a value has the wrong type or
            is refused by the class itself; the message names the place (`space.options.window_tokens`).
    """
    made = _find_class(attribute)
    _check_options(made, options)
    try:
        return cast(Space, made(**options))
    except InputError as error:
        raise error.inside("space.options") from None
    except Exception as error:
        got = " ".join(f"{type(error).__name__}: {error}".split())
        raise InputError("space.attribute", "must name a class that can be made with its options", got) from error


def is_shipped(module: str) -> bool:
    """Whether a name such as `search_spaces.hybrid` is that of a shipped space; no module of the user is imported."""
    package, _, name = module.partition(".")
    return package == "search_spaces" and name.isidentifier() and find_spec(f"nas.{module}") is not None


def _find_class(attribute: str) -> type[Any]:
    module_name, colon, name = attribute.partition(":")
    if not (colon and name.isidentifier() and all(part.isidentifier() for part in module_name.split("."))):
        raise InputError("space.attribute", "must be module:attribute", attribute)
    module = _import(module_name)
    if not hasattr(module, name):
        classes = [key for key, value in vars(module).items() if isinstance(value, type) and hasattr(value, "sample")]
        raise unknown("space.attribute", name, classes, f"class in {module_name}")
    found = getattr(module, name)
    if not isinstance(found, type) or not hasattr(found, "sample"):
        raise InputError("space.attribute", "must name a class with a method sample(suggest, shape)", attribute)
    return found


def _import(name: str) -> ModuleType:
    try:
        with _current_directory_last():
            return importlib.import_module(f"nas.{name}" if is_shipped(name) else name)
    except ModuleNotFoundError as error:
        if name == error.name or name.startswith(f"{error.name}."):
            remedy = "Run in the folder that holds it, or install it."
            raise InputError("space.attribute", "must name a module that can be found", name, remedy) from None
        raise _broken(name, error) from error
    except Exception as error:
        raise _broken(name, error) from error


def _broken(name: str, error: Exception) -> InputError:
    came = " ".join(f"{type(error).__name__}: {error}".split())
    missing = error.name or "" if isinstance(error, ModuleNotFoundError) else ""
    # Older versions of nas installed the shipped spaces under this name.
    remedy = "Import shipped spaces from nas.search_spaces." if missing.partition(".")[0] == "search_spaces" else ""
    return InputError("space.attribute", f"must name a module that imports; {name} raised an error", came, remedy)


@contextmanager
def _current_directory_last() -> Iterator[None]:
    """Allow imports from the current directory, without hiding installed modules."""
    here = str(Path.cwd())
    if here in sys.path:
        yield
        return
    sys.path.append(here)
    try:
        yield
    finally:
        sys.path.remove(here)


def _check_options(made: type[Any], options: Mapping[str, Any]) -> None:
    accepted = {field.name: field for field in fields(made) if field.init} if is_dataclass(made) else {}
    if options and not accepted:
        raise InputError("space.options", f"must be empty, {made.__name__} declares none", dict(options))
    hints = get_type_hints(made) if accepted else {}
    for name, value in options.items():
        if name not in accepted:
            raise unknown(f"space.options.{name}", name, accepted, f"option of {made.__name__}")
        if not fits(value, hints[name]):
            raise InputError(f"space.options.{name}", f"must be {describe(hints[name])}", value)
    for name, field in accepted.items():
        if name not in options and field.default is MISSING and field.default_factory is MISSING:
            raise InputError("space.options", f"must have the key {name!r}", sorted(options))
