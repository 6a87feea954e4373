"""The keys of a model's config.json, each checked when it is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nas.errors import InputError

OWN_FILE = "Write its sizes to a file of your own, target/NAME.yaml in a folder for --config-dir."
"""What to do with a model that cannot be read from its config.json."""


@dataclass(frozen=True, slots=True)
class ModelFields:
    """The keys of one decoder.

    Args:
        file: the path of the config.json, for messages.
        model_type: the architecture, as transformers names it; empty if the file does not say.
        values: the file's keys, and for keys that it leaves out what the architecture's class takes.
    """

    file: str
    model_type: str
    values: Mapping[str, Any]

    def count(self, key: str, otherwise: int | None = None) -> int:
        """A whole number from 1 on.

        Args:
            key: as in the file.
            otherwise: what a missing or null key means; None if it must be there.

        Raises:
            InputError: it is missing or something else.
        """
        value = self.values.get(key)
        if value is None and otherwise is not None:
            return otherwise
        if value is None:
            raise InputError(self.file, f"must have the key {key!r}", f"model_type {self.model_type!r}", OWN_FILE)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise InputError(f"{self.file}: {key}", "must be a whole number, 1 or more", value)
        return value

    def window(self) -> int | None:
        """`sliding_window`, in keys with the query's own; None if there is none.

        Raises:
            InputError: it is no whole number.
        """
        return None if self.values.get("sliding_window") is None else self.count("sliding_window")

    def flag(self, key: str) -> bool:
        """True or false; a missing key is false.

        Raises:
            InputError: it is something else.
        """
        value = self.values.get(key)
        if value is not None and not isinstance(value, bool):
            raise InputError(f"{self.file}: {key}", "must be true or false", value)
        return bool(value)
