"""The module of target `torch`, called as a model would."""

from math import prod

from nas.export.generated.module import run_module
from nas.export.libraries.outputs import plain_attention, random_qkv, require_close
from nas.export.targets.reading import Files
from nas.export.targets.torch_module import FILE_NAME, MODULE
from nas.patterns.model import ModelPattern

_NUM_TOKENS = 600
"""More than the module takes at once, in tokens."""


def check(files: Files, pattern: ModelPattern) -> tuple[str, ...]:
    """Compare the outputs of every layer with attention written out; those of the last tokens alone too, if causal.

    Raises:
        ExportError: they differ.
    """
    module = run_module(str(files[FILE_NAME]), MODULE)
    num_tokens = prod(pattern.grid) if pattern.grid else _NUM_TOKENS
    q, k, v = random_qkv(pattern, num_tokens)
    for layer in range(pattern.num_layers):
        ours = plain_attention(q, k, v, pattern.mask(layer, num_tokens))
        require_close(module["Attention"](layer)(q, k, v), ours, "torch", f"outputs of layer {layer}")
        if pattern.causal:
            last = module["attention"](layer, q[:, :, -3:], k, v)
            require_close(last, ours[:, :, -3:], "torch", f"outputs of layer {layer} for the last tokens")
    return (f"outputs of every layer at {num_tokens} tokens",)
