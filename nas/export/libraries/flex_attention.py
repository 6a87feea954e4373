"""The module of format `flex`, with torch's own FlexAttention."""

from math import prod
from warnings import catch_warnings, simplefilter

import torch
from torch.nn.attention.flex_attention import flex_attention
from torch.nn.functional import pad

from nas.errors import ExportError
from nas.export.contract.export_format import Files
from nas.export.formats.flex_module import FILE_NAME, MODULE, NAME
from nas.export.generated.run import run_module
from nas.export.libraries.outputs import fits, plain_attention, random_qkv, require_close
from nas.patterns.model import ModelPattern

_NUM_TOKENS, _BLOCK = 300, 128


def check(files: Files, pattern: ModelPattern) -> tuple[str, ...]:
    """Compare torch's block masks with the pattern's, and FlexAttention's outputs with plain attention.

    FlexAttention is not compiled here: compilation changes how it runs, not which mask it is given.

    Raises:
        ExportError: they differ.
    """
    module = run_module(str(files[FILE_NAME]), MODULE)
    num_tokens = prod(pattern.grid) if pattern.grid else _NUM_TOKENS
    if not fits(pattern, num_tokens):
        return ()
    q, k, v = random_qkv(pattern, num_tokens)
    for layer in range(pattern.num_layers):
        blocks = module["block_mask"](layer, num_tokens, block_size=_BLOCK)
        mask = torch.from_numpy(pattern.mask(layer, num_tokens))
        if not torch.equal(blocks.to_dense()[0].bool().expand(len(mask), -1, -1), _blocks_with_pairs(mask)):
            raise ExportError(f"{NAME}: the block mask of layer {layer} differs at {num_tokens} tokens.")
        with catch_warnings():
            simplefilter("ignore", UserWarning)  # it warns that it is slow uncompiled, which is known
            out = flex_attention(q, k, v, block_mask=blocks)
        assert isinstance(out, torch.Tensor)
        require_close(out, plain_attention(q, k, v, mask), NAME, f"outputs of layer {layer}")
        require_close(module["attention"](layer, q, k, v), out, NAME, f"outputs of layer {layer}")
    return (f"block masks of all layers, and FlexAttention's outputs, not compiled, at {num_tokens} tokens",)


def _blocks_with_pairs(mask: torch.Tensor) -> torch.Tensor:
    """Which blocks hold a visible pair, shape (heads, blocks, blocks)."""
    more = -mask.shape[-1] % _BLOCK
    padded = pad(mask, (0, more, 0, more))
    blocks = padded.shape[-1] // _BLOCK
    return padded.view(len(mask), blocks, _BLOCK, blocks, _BLOCK).any(dim=4).any(dim=2)
