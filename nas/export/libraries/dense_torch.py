"""The module of format `torch`, called as a model would call it."""

from math import prod

import torch

from nas.export.contract.export_format import Files
from nas.export.formats.torch_module import FILE_NAME, MODULE, NAME
from nas.export.generated.run import run_module
from nas.export.libraries.outputs import fits, plain_attention, random_qkv, require_close
from nas.patterns.model import ModelPattern

_NUM_TOKENS = 600
"""More queries than the module processes at once, in tokens."""


def check(files: Files, pattern: ModelPattern) -> tuple[str, ...]:
    """Compare the outputs of every layer with plain attention; if causal, also those of only the last tokens.

    Raises:
        ExportError: they differ.
    """
    module = run_module(str(files[FILE_NAME]), MODULE)
    num_tokens = prod(pattern.grid) if pattern.grid else _NUM_TOKENS
    if not fits(pattern, num_tokens):
        return ()
    q, k, v = random_qkv(pattern, num_tokens)
    for layer in range(pattern.num_layers):
        ours = plain_attention(q, k, v, torch.from_numpy(pattern.mask(layer, num_tokens)))
        require_close(module["Attention"](layer)(q, k, v), ours, NAME, f"outputs of layer {layer}")
        if pattern.causal:
            last = module["attention"](layer, q[:, :, -3:], k, v)
            require_close(last, ours[:, :, -3:], NAME, f"outputs of layer {layer} for the last tokens")
    return (f"outputs of every layer at {num_tokens} tokens",)
