"""How a pattern runs on tensors: a dense reference, exact pieces for any device, FlexAttention on a GPU.

Every backend takes q and k of shape (batch, heads, tokens, d_key), v of shape (batch, heads, tokens, d_value) and
one `HeadPattern` per head, and returns the same numbers. `SparseAttention` is the module to put into a model;
`attend` is the function that it calls.
"""

from nas.attention.module import SparseAttention, attend

__all__ = ["SparseAttention", "attend"]
