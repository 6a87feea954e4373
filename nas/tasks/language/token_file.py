"""Files of token ids: `.bin` and `.npy`, mapped into memory, never unpickled."""

from pathlib import Path
from tokenize import TokenError

import numpy as np

from nas.errors import InputError
from nas.tasks.language.windows import Tokens


def open_tokens(path: str | None) -> Tokens:
    """The tokens of a file, shape (length,), read from disk where they are used.

    Args:
        path: a `.bin` of unsigned 16-bit little-endian integers without a header, as nanoGPT writes them, or a
            `.npy` with one row of integers of any size. `~` is expanded.

    Raises:
        InputError: no such file, or not of that form.
    """
    if path is None:
        raise _no_tokens(path, "Set task.path.")
    file = Path(path).expanduser()
    openers = {".bin": _open_bin, ".npy": _open_npy}
    if file.suffix not in openers:
        raise _no_tokens(path, "Its name must end in .bin or .npy.")
    try:
        return openers[file.suffix](file)
    except OSError as error:
        raise _no_tokens(path, f"It cannot be read: {error.strerror or error}.") from None
    except (ValueError, OverflowError, EOFError, TokenError) as error:
        raise _no_tokens(path, f"It is damaged or of another form: {str(error).splitlines()[0]}.") from None


def _open_bin(file: Path) -> Tokens:
    if file.stat().st_size % 2:
        raise ValueError("an odd number of bytes")
    return np.asarray(np.memmap(file, dtype="<u2", mode="r"))


def _open_npy(file: Path) -> Tokens:
    # Maps arrays of plain numbers and refuses Python objects, which would have to be unpickled.
    tokens = np.asarray(np.lib.format.open_memmap(file, mode="r"))
    if tokens.ndim != 1 or tokens.dtype.kind not in "iu":
        raise ValueError(f"{tokens.ndim} dimensions of {tokens.dtype} instead of 1 of integers")
    return tokens


def _no_tokens(path: str | None, remedy: str) -> InputError:
    return InputError("task.path", "must name a .bin or .npy file of token ids", path, remedy)
