"""The masks of format `splash`, made with JAX's own classes; its kernel runs on TPUs and is not run."""

import json
from typing import Any

import numpy as np
from jax.experimental.pallas.ops.tpu.splash_attention import splash_attention_mask as splash

from nas.export.contract.arrays_file import unpack_arrays
from nas.export.contract.export_format import Files
from nas.export.contract.masks import Reading, compare_masks
from nas.export.formats.splash import ARRAYS_FILE_NAME, FILE_NAME, NAME
from nas.patterns.arrays import Flags, Positions
from nas.patterns.model import ModelPattern


def check(files: Files, pattern: ModelPattern) -> tuple[str, ...]:
    """Compare the rows of JAX's masks with the pattern's.

    Raises:
        ExportError: they differ.
    """
    document = json.loads(files[FILE_NAME])
    arrays = unpack_arrays(files[ARRAYS_FILE_NAME], {"masks": 3}, NAME, ARRAYS_FILE_NAME)["masks"]
    shape = (document["num_tokens"], document["num_tokens"])

    def made(kind: str, value: Any) -> splash.Mask:
        match kind:
            case "full":
                return splash.FullMask(shape)
            case "causal":
                return splash.CausalMask(shape)
            case "local":
                return splash.LocalMask(shape, tuple(value), 0)
            case "chunked_causal":
                return splash.ChunkedCausalMask(shape, value)
        return splash.NumpyMask(arrays[value])

    layers = [splash.MultiHeadMask([made(*one) for one in heads]) for heads in document["layers"]]

    def rows(layer: int, query: Positions, num_tokens: int) -> Flags:
        every = slice(0, num_tokens)
        by_query = [layers[layer][:, slice(one, one + 1), every] for one in query.tolist()]
        return np.concatenate(by_query, axis=1).astype(np.bool_)

    return compare_masks(Reading(rows=rows, only=document["num_tokens"]), pattern, NAME)
