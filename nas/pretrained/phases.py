"""A pattern that is used only while a prompt is read, or only after it, with full attention in the other phase."""

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from nas.attention.module import attend
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Full
from nas.pretrained.needle import VALUE_TOKENS, NeedleTask
from nas.results.phase import PatternPhase
from nas.tasks.task import Task


def prompt_tokens(task: Task) -> int:
    """How many tokens of a sequence are the prompt: of a probe all before the answer's first, of text the first half.

    The prompt's last token already gives the first token of the answer.
    """
    return task.num_tokens - VALUE_TOKENS + 1 if isinstance(task, NeedleTask) else task.num_tokens // 2


def attend_in_phase(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    heads: tuple[HeadPattern, ...],
    phase: PatternPhase,
    num_prompt: int,
    backend: str,
    scale: float,
) -> Tensor:
    """Attention of a whole sequence, as if its prompt were read first and each later token alone.

    Args:
        q: queries, shape (batch, heads, tokens, d).
        k: keys, same shape.
        v: values, same shape.
        heads: one causal pattern per head.
        phase: where they are used.
        num_prompt: tokens of the prompt, from 1 to all.
        backend: of `nas.attention.module.attend`.
        scale: factor on the scores.

    Returns:
        shape (batch, heads, tokens, d).
    """
    if phase == "both":
        return attend(q, k, v, heads, backend, scale)
    reading = heads if phase == "prefill" else (HeadPattern((Full(),)),) * len(heads)
    before = slice(num_prompt)
    prompt = attend(q[:, :, before], k[:, :, before], v[:, :, before], reading, backend, scale)
    if phase == "decode":
        return torch.cat([prompt, attend(q, k, v, heads, backend, scale)[:, :, num_prompt:]], dim=2)
    num_tokens = q.shape[2]
    seen = torch.ones(num_tokens - num_prompt, num_tokens, dtype=torch.bool, device=q.device).tril(num_prompt)
    answer = scaled_dot_product_attention(q[:, :, num_prompt:], k, v, attn_mask=seen, scale=scale)
    return torch.cat([prompt, answer], dim=2)
