"""The code of the module that holds keys and values of a transformers model, no more than the pattern needs."""

from nas.export.generated.slots_template import SLOTS

CACHE = (
    '''"""The cache of attention pattern {pattern_id} for Hugging Face transformers, made by `nas export`.

It holds the keys and values that some later query can still see, and no others. It needs transformers_attention.py
beside it, torch 2.6 and transformers 5.3, or newer. How to use it:

    import transformers_attention as pattern
    from transformers_cache import PatternCache

    model = AutoModelForCausalLM.from_pretrained("./model", attn_implementation=pattern.register())
    model.generate(..., past_key_values=PatternCache(model.config))
"""

from typing import Any

import torch
import transformers_attention as pattern
from torch import Tensor
from torch.nn.functional import pad, scaled_dot_product_attention
from transformers.cache_utils import Cache, CacheLayerMixin


class PatternCache(Cache):
    """Keys and values of every layer and KV head, each for as long as a later query can see it.

    Each batch needs its own, as `past_key_values` of `generate` or of the model. Sampling, beam search, padding on the
    left, prompts in chunks and further turns work. Assisted decoding and `crop` do not: they take tokens back, and
    keys that are needed then are gone.

    Args:
        config: of the model.

    Raises:
        ValueError: the pattern does not fit the model, or needs every key in all of its KV heads.
    """

    def __init__(self, config: Any) -> None:
        config = config.get_text_config(decoder=True)
        pattern.check_model(config)
        num_kv_heads = getattr(config, "num_key_value_heads", None) or pattern.NUM_HEADS
        if keeps_all(num_kv_heads):
            raise ValueError(
                f"PatternCache: pattern {{pattern.PATTERN_ID}} must keep all keys in every layer and KV head, so there "
                "is nothing to save. Leave past_key_values out."
            )
        self.slots: dict[frozenset[int], Slots] = {{}}
        layers = []
        for layer in range(pattern.NUM_LAYERS):
            groups = pattern.head_groups(layer, num_kv_heads)
            needed = [_needed(group.kinds) for group in groups]
            layers.append(PatternLayer(layer, groups, [self.slots.setdefault(one, Slots(one)) for one in needed]))
        super().__init__(layers=layers)

    @property
    def num_bytes(self) -> int:
        """Memory of all keys and values, in bytes."""
        return sum(states.nbytes for layer in self.layers for pair in layer.held for states in pair)

    def reorder_cache(self, beam_idx: Tensor) -> None:
        """Go on with these sequences of the batch, as beam search does."""
        self.batch_select_indices(beam_idx)

    def batch_repeat_interleave(self, repeats: int) -> None:
        """Go on with each sequence as many times."""
        self.batch_select_indices(torch.arange(self.layers[0].batch_size).repeat_interleave(repeats))

    def batch_select_indices(self, indices: Tensor) -> None:
        """Go on with these sequences of the batch."""
        for part in (*self.slots.values(), *self.layers):
            part.select(indices)

    def crop(self, tokens_to_remove: int) -> None:
        """Refused: keys that earlier queries see are gone."""
        raise _cannot_go_back()

    def activate_past_recording(self) -> None:
        """Refused: this is how assisted decoding begins."""
        raise _cannot_go_back()


class PatternLayer(CacheLayerMixin):
    """The keys and values of one layer.

    Args:
        layer: index of the layer.
        groups: its KV heads, those together whose query heads attend alike.
        slots: of every group; those that keep the same keys share them, in all layers.
    """

    is_sliding = False
    supports_early_init = False

    def __init__(self, layer: int, groups: list[pattern.HeadGroup], slots: "list[Slots]") -> None:
        super().__init__()
        self.layer, self.groups, self.slots = layer, groups, slots
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.held: list[tuple[Tensor, Tensor]] = []  # of every group: keys and values, (batch, KV heads, slots, d_head)
        self.num_tokens, self.is_awaiting_attention = 0, False
        for slots in self.slots:
            slots.reset()

    @property
    def holds_keys(self) -> bool:
        """Whether earlier tokens have been given."""
        return bool(self.held)

    @property
    def batch_size(self) -> int:
        """Sequences at once; -1 before the first."""
        return self.held[0][0].shape[0] if self.held else -1

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        """Nothing: what is kept is known only after attention."""

    def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        """Hand the new keys on to `transformers_attention.attention`, which returns to this layer for the others."""
        if self.is_awaiting_attention:
            raise ValueError(
                "PatternCache: the model's attention is not that of the pattern. Load the model with "
                "attn_implementation=transformers_attention.register()."
            )
        if torch.is_grad_enabled() and key_states.requires_grad:
            raise ValueError("PatternCache: has no gradients. Leave it out in training, or use torch.no_grad().")
        self.num_tokens += key_states.shape[2]
        self.is_awaiting_attention = True
        key_states.keeper = self
        return key_states, value_states

    def keep(self, key: Tensor, value: Tensor, attention_mask: Tensor) -> None:
        """Hold what later queries see of the first tokens; see `attend`."""
        self.is_awaiting_attention = False
        for group, slots in zip(self.groups, self.slots):
            slots.extend(self.num_tokens, attention_mask)
            self.held.append(tuple(slots.pick(pattern.taken(new, group.kv_heads)) for new in (key, value)))

    def attend(
        self, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor, scaling: float | None
    ) -> Tensor:
        """Attention of new tokens to those that are held and to each other.

        Args:
            query: (batch, NUM_HEADS, queries, d_head).
            key: (batch, KV heads, queries, d_head).
            value: as key.
            attention_mask: the model's own mask: bool, (batch, 1, queries, all keys).
            scaling: factor of the scores; d_head ** -0.5 if None.

        Returns:
            (batch, NUM_HEADS, queries, d_head).
        """
        self.is_awaiting_attention = False
        if not pattern.is_used(query.shape[2]):
            raise ValueError(
                f"PatternCache: pattern {{pattern.PATTERN_ID}} is for decoding alone: prompts are read with full "
                "attention, and keys of the earlier part are gone. Give the whole prompt at once, to a new cache."
            )
        options = {{"scale": scaling, "enable_gqa": key.shape[1] != pattern.NUM_HEADS}}
        run = self._attend_once if query.shape[2] == 1 else self._attend_often
        outs = []
        for number, (group, slots) in enumerate(zip(self.groups, self.slots)):
            new = [pattern.taken(states, group.kv_heads) for states in (key, value)]
            outs.append(run(number, group, slots, pattern.taken(query, group.heads), new, attention_mask, options))
        return pattern.in_order(outs, self.groups)

    def _attend_once(
        self,
        number: int,
        group: pattern.HeadGroup,
        slots: "Slots",
        query: Tensor,
        new: list[Tensor],
        attention_mask: Tensor,
        options: dict[str, Any],
    ) -> Tensor:
        """One token for each sequence: it takes the slot of a key that is seen no more."""
        slots.add(self.num_tokens, attention_mask)
        self.held[number] = tuple(slots.grown(states) for states in self.held[number])
        for states, added in zip(self.held[number], new):
            states[slots.sequence, :, slots.slot] = added[:, :, 0]
        seen = slots.seen(self.layer, group)
        return scaled_dot_product_attention(query, *self.held[number], attn_mask=seen, **options)

    def _attend_often(
        self,
        number: int,
        group: pattern.HeadGroup,
        slots: "Slots",
        query: Tensor,
        new: list[Tensor],
        attention_mask: Tensor,
        options: dict[str, Any],
    ) -> Tensor:
        """Several tokens for each sequence, behind others."""
        slots.extend(self.num_tokens, attention_mask)
        joined = [torch.cat(pair, dim=2) for pair in zip(self.held[number], new)]
        self.held[number] = tuple(map(slots.pick, joined))
        parts = []
        for part in query.split(pattern.QUERIES_AT_ONCE, dim=2):
            first = sum(other.shape[2] for other in parts)
            seen = slots.seen_by_new(self.layer, group, slice(first, first + part.shape[2]))
            parts.append(scaled_dot_product_attention(part, *joined, attn_mask=seen, **options))
        return torch.cat(parts, dim=2)

    def select(self, indices: Tensor) -> None:
        """Go on with these sequences of the batch."""
        self.held = [tuple(states[indices.to(states.device)] for states in pair) for pair in self.held]

    def get_seq_length(self) -> int:
        """Tokens that were given, kept or not."""
        return self.num_tokens

    def get_mask_sizes(self, query_length: Any) -> tuple[int, int]:
        """The model's own mask has all keys. transformers 5.3 gives the places of the queries, not their number."""
        num_queries = query_length if isinstance(query_length, int) else len(query_length)
        return self.num_tokens + num_queries, 0

    def get_max_length(self) -> int:
        """No limit."""
        return -1

    get_max_cache_shape = get_max_length  # its name in transformers 5.3


def keeps_all(num_kv_heads: int) -> bool:
    """Whether decoding needs every key in all KV heads, so that a cache of the pattern would save nothing."""
    if pattern.PHASE == "prefill":
        return True
    groups = (group for layer in range(pattern.NUM_LAYERS) for group in pattern.head_groups(layer, num_kv_heads))
    return all(_needed(group.kinds) == ALL_KEYS for group in groups)


def _cannot_go_back() -> ValueError:
    return ValueError(
        "PatternCache: cannot take tokens back, as assisted decoding and crop() do, because keys that earlier queries "
        "see are gone. Leave past_key_values out."
    )
'''
    + SLOTS
)
