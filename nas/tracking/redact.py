"""Redaction of credentials in everything that is sent to W&B."""

import os
import re
from collections.abc import Mapping
from typing import Any

REDACTED = "(redacted)"

_SECRET_NAME = r"(?:api_?key|credentials?|passphrase|passwd|password|secret|(?:^|[\W_])(?:auth|key|pwd|token))"
_NAMES_A_SECRET = re.compile(rf"{_SECRET_NAME}$", re.IGNORECASE)
_PASSWORD_IN_URL = re.compile(r"([a-z][a-z0-9+.-]*://)\S*@", re.IGNORECASE)
_ASSIGNMENT = re.compile(
    r"((?:api[_-]?key|credentials?|passphrase|passwd|password|secret|\b(?:\w*_)?(?:key|pwd|token))\s*[=:]\s*)[^\s&;,]+",
    re.IGNORECASE,
)
_SHORTEST_SECRET = 8
_NO_SECRETS = ("PWD", "OLDPWD")
"""Named like passwords, but shells store the current folder there."""


def redact(value: Any, name: str = "") -> Any:
    """The value with everything that looks like a credential replaced by REDACTED.

    That is: every value whose name ends in a word such as `key`, `token`, `secret` or `password` (`num_tokens` and
    `token_shift` do not), user and password in URLs, `password=...` inside text, and any text that repeats a secret of
    this process's environment.

    Args:
        value: any JSON value; mappings and lists are copied, never changed.
        name: its name, dotted or plain.
    """
    if value is not None and any(_NAMES_A_SECRET.search(part) for part in name.split(".")):
        return REDACTED
    if isinstance(value, Mapping):
        return {key: redact(item, str(key)) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [redact(item) for item in value]
    return redact_text(value) if isinstance(value, str) else value


def redact_text(text: str) -> str:
    """The text without passwords in URLs, `password=...` pairs, and secrets of the environment."""
    for secret in _environment_secrets():
        text = text.replace(secret, REDACTED)
    text = _PASSWORD_IN_URL.sub(rf"\1{REDACTED}@", text)
    return _ASSIGNMENT.sub(rf"\1{REDACTED}", text)


def _environment_secrets() -> list[str]:
    named = (value for name, value in os.environ.items() if _NAMES_A_SECRET.search(name) and name not in _NO_SECRETS)
    return [value for value in named if len(value) >= _SHORTEST_SECRET]
