"""Formats whose files are arrays for one sequence length: that length, and archives of numpy read with care."""

from collections.abc import Mapping
from io import BytesIO
from math import prod
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.typing import NDArray

from nas.errors import ExportError, InputError
from nas.patterns.model import ModelPattern
from nas.results.bundle import OPTIONS, ExportSettings
from nas.results.provenance import Provenance

Arrays = dict[str, NDArray[np.generic]]

_MOST_BYTES = 1 << 29
"""Most bytes of all arrays of a file, unpacked: zeros take a thousandth of that in the file."""


def one_length(pattern: ModelPattern, provenance: Provenance, settings: ExportSettings) -> int:
    """The one length that the arrays are for, in tokens: `--tokens`, or the study's.

    Raises:
        InputError: the pattern's grid has another one.
    """
    num_tokens = settings.num_tokens or provenance.num_tokens
    if pattern.grid and num_tokens != prod(pattern.grid):
        raise InputError(OPTIONS["num_tokens"], f"must be {prod(pattern.grid)}, the tokens of the grid", num_tokens)
    return num_tokens


def pack_arrays(arrays: Arrays) -> bytes:
    """The content of an npz file."""
    binary = BytesIO()
    np.savez_compressed(binary, **arrays)  # type: ignore[arg-type]  # its stubs take allow_pickle for an array
    return binary.getvalue()


def unpack_arrays(content: str | bytes, dimensions: Mapping[str, int], format_name: str, file_name: str) -> Arrays:
    """The named arrays of an npz file; nothing in it is unpickled.

    Args:
        content: of the file.
        dimensions: of each array, by its name; they hold whole numbers, or true and false.
        format_name: name of the format, for messages.
        file_name: name of the file, for messages.

    Raises:
        ExportError: it is not such an archive, it lacks an array, or it is far too large once unpacked.
    """
    try:
        binary = BytesIO(content if isinstance(content, bytes) else b"")
        with ZipFile(binary) as archive:
            if (size := sum(part.file_size for part in archive.infolist())) > _MOST_BYTES:
                raise ValueError(f"{size:,} bytes once unpacked, of {_MOST_BYTES:,} at most")
        with np.load(binary, allow_pickle=False) as loaded:
            arrays = {name: loaded[name] for name in dimensions}
        for name, array in arrays.items():
            if array.ndim != dimensions[name] or array.dtype.kind not in "bi":
                raise ValueError(f"{name} of shape {array.shape} and type {array.dtype}")
        return arrays
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise ExportError(f"{format_name}: {file_name} must hold the arrays that nas writes, got {error}.") from None
