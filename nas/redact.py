"""Redaction of credentials in what is written into files that are kept and shown, and in what is sent to W&B.

Texts may come from strangers, so every pattern takes time in proportion to their length: where two of its repetitions
could share characters, a lookbehind leaves one place to start from.
"""

import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

REDACTED = "(redacted)"

_SECRET_NAME = r"(?:api_?key|credentials?|passphrase|passwd|password|secret|(?:^|[\W_])(?:auth|key|pwd|token))"
_NAMES_A_SECRET = re.compile(rf"{_SECRET_NAME}$", re.IGNORECASE)
_UP_TO_LAST_AT = re.compile(r"(?<!\S)\S*@")
_SCHEME = re.compile(r"(?<![a-z0-9+.-])[0-9+.-]*[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_ASSIGNMENT = re.compile(
    r"((?:api[_-]?key|credentials?|passphrase|passwd|password|secret|\b(?:\w*_)?(?:key|pwd|token))\s*[=:]\s*)[^\s&;,]+",
    re.IGNORECASE,
)
_PASSWORD_IN_URL = re.compile(r"://[^/:@\s]*:(?P<password>\S+)@")
_SHORTEST_SECRET = 8
_NO_SECRETS = ("PWD", "OLDPWD")
"""Named like passwords, but shells store the current folder there."""


def redact(value: Any, name: str = "") -> Any:
    """The value with everything that looks like a credential replaced by REDACTED.

    That is: every value whose name ends in a word such as `key`, `token`, `secret` or `password` (`num_tokens` and
    `token_shift` do not), user and password in URLs, `password=...` inside text, and any text that repeats a secret of
    this process's environment. Switches and lists of numbers are never credentials, whatever their name: keys and
    tokens are what attention patterns are about.

    Args:
        value: any JSON value; mappings and lists are copied, never changed.
        name: its name, dotted or plain.
    """
    if _can_be_secret(value) and any(_NAMES_A_SECRET.search(part) for part in name.split(".")):
        return REDACTED
    if isinstance(value, Mapping):
        return {key: redact(item, str(key)) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [redact(item) for item in value]
    return redact_text(value) if isinstance(value, str) else value


def _can_be_secret(value: Any) -> bool:
    numbers = isinstance(value, (list, tuple)) and all(isinstance(item, (bool, int, float)) for item in value)
    return not (value is None or isinstance(value, bool) or numbers)


def redact_text(text: str) -> str:
    """The text without passwords in URLs, `password=...` pairs, and secrets of the environment."""
    for secret in _environment_secrets():
        text = text.replace(secret, REDACTED)
    text = _UP_TO_LAST_AT.sub(_without_password, text)
    return _ASSIGNMENT.sub(rf"\1{REDACTED}", text)


def _without_password(up_to_last_at: re.Match[str]) -> str:
    """`scheme://user:password@` as `scheme://(redacted)@`; a password may hold an `@` or a `/`."""
    scheme = _SCHEME.search(up_to_last_at[0])
    return f"{up_to_last_at[0][: scheme.end()]}{REDACTED}@" if scheme else up_to_last_at[0]


def secret_names() -> list[str]:
    """The variables of this process's environment that hold credentials: named like them, or URLs with a password."""
    return [name for name, value in os.environ.items() if _is_secret(name) or _PASSWORD_IN_URL.search(value)]


def _is_secret(name: str) -> bool:
    return bool(_NAMES_A_SECRET.search(name)) and name not in _NO_SECRETS


def _environment_secrets() -> list[str]:
    """Values of variables that are named like secrets, and the passwords in URLs such as that of a database."""
    named = [value for name, value in os.environ.items() if _is_secret(name)]
    in_urls = [found["password"] for value in os.environ.values() if (found := _PASSWORD_IN_URL.search(value))]
    known = {*named, *in_urls, *map(unquote, in_urls)}
    return sorted((value for value in known if len(value) >= _SHORTEST_SECRET), key=len, reverse=True)
