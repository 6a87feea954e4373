"""The metadata of format `gguf`, written into a copy of a GGUF file and read back by the package gguf."""

import json
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gguf
import numpy as np
from gguf.scripts.gguf_new_metadata import MetadataDetails, copy_with_new_metadata

from nas.errors import ExportError
from nas.export.contract.export_format import Files
from nas.export.contract.masks import compare_masks
from nas.export.formats.gguf import FILE_NAME, NAME, window_reading
from nas.patterns.model import ModelPattern

_WEIGHT = np.arange(64, dtype=np.float32)


def check(files: Files, pattern: ModelPattern) -> tuple[str, ...]:
    """Give a small GGUF file the keys, and compare what is read back of a copy with the pattern.

    Raises:
        ExportError: a mask or the weights differ.
    """
    document = json.loads(files[FILE_NAME])
    arch = document["read_by"][0]
    with TemporaryDirectory() as folder, redirect_stderr(StringIO()):  # the copy would draw a progress bar
        copy = _copy_with_keys(write_small_file(Path(folder) / "small.gguf", arch), document)
        window, windowed = (
            copy.get_field(f"{arch}.attention.{name}").contents()
            for name in ("sliding_window", "sliding_window_pattern")
        )
        if not np.array_equal(copy.tensors[0].data, _WEIGHT):
            raise ExportError(f"{NAME}: the weights of a copy differ from the file's.")
    return (*compare_masks(window_reading(window, windowed, pattern.num_heads), pattern, NAME), "weights of a copy")


def write_small_file(path: Path, arch: str) -> Path:
    """Write a GGUF file of one weight and no metadata but its architecture; its path."""
    writer = gguf.GGUFWriter(path, arch=arch)
    writer.add_tensor("output.weight", _WEIGHT)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _copy_with_keys(source: Path, document: dict[str, Any]) -> gguf.GGUFReader:
    """A copy of a GGUF file, beside it, that has the keys of the format's file; opened."""
    out = source.with_name("copy.gguf")
    reader = gguf.GGUFReader(source)
    arch = reader.get_field("general.architecture").contents()
    keys = {
        key.format(arch=arch): MetadataDetails(gguf.GGUFValueType[one["type"]], one["value"])
        for key, one in document["keys"].items()
    }
    copy_with_new_metadata(reader, gguf.GGUFWriter(out, arch=arch), keys, [])
    return gguf.GGUFReader(out)
