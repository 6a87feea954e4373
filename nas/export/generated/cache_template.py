"""The code of the module that holds keys and values of a transformers model, no more than the pattern needs."""

CACHE = '''"""The cache of attention pattern {pattern_id} for Hugging Face transformers, made by `nas export`.

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

NO_KEY = -1  # the place of an empty slot and of padding
SPARE = 128  # slots that a full cache has for each that it grows by


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


class Slots:
    """Where the keys of some KV heads are; one for all heads, of whatever layers, that keep the same keys.

    Args:
        kinds: of the query heads that share a KV head; ALL_KEYS if all are kept.
    """

    def __init__(self, kinds: frozenset[int]) -> None:
        self.kinds = kinds
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.num_tokens = 0
        self.place = torch.empty(0)  # of each key in its sequence, (batch, slots)
        self.until = torch.empty(0)  # the last query that sees it, (batch, slots)
        self.masks: dict[Any, Tensor] = {{}}

    def extend(self, num_tokens: int, attention_mask: Tensor) -> None:
        """Several more tokens. Of them and of those before, those are kept that later queries see; one slot is free.

        Args:
            num_tokens: all tokens, these included; a number that is known already changes nothing.
            attention_mask: the model's own mask: bool, (batch, 1, queries, num_tokens).
        """
        if num_tokens == self.num_tokens:
            return
        self.new = _places(attention_mask)
        self.joined = torch.cat([self.place, self.new], dim=1) if self.num_tokens else self.new
        until = self._until(self.joined)
        kept = until > self.joined[:, -1:]
        order = kept.to(torch.uint8).argsort(dim=1, descending=True, stable=True)[:, : int(kept.sum(dim=1).max())]
        self.index = pad(order, (0, 1))
        dropped = ~pad(kept.gather(1, order), (0, 1))
        self.place = self.joined.gather(1, self.index).masked_fill(dropped, NO_KEY)
        self.until = until.gather(1, self.index).masked_fill(dropped, NO_KEY)
        self._is_at(num_tokens)

    def add(self, num_tokens: int, attention_mask: Tensor) -> None:
        """One more token for each sequence, in `slot`, (batch,); arguments as in `extend`."""
        if num_tokens == self.num_tokens:
            return
        self.new = _places(attention_mask)
        if not (self.until < self.new).any(dim=1).all():
            more = (0, max(1, self.place.shape[1] // SPARE))
            self.place, self.until = pad(self.place, more, value=NO_KEY), pad(self.until, more, value=NO_KEY)
        self.slot = (self.until < self.new).to(torch.uint8).argmax(dim=1)
        self.sequence = torch.arange(len(self.slot), device=self.slot.device)
        self.place[self.sequence, self.slot] = self.new[:, 0]
        self.until[self.sequence, self.slot] = self._until(self.new)[:, 0]
        self._is_at(num_tokens)

    def pick(self, states: Tensor) -> Tensor:
        """What is kept of old and new keys, or values, after `extend`: (batch, KV heads, slots, d_head)."""
        index = self.index[:, None, :, None].expand(-1, states.shape[1], -1, states.shape[3])
        return states.gather(2, index)

    def grown(self, states: Tensor) -> Tensor:
        """Keys, or values, with all slots after `add`."""
        more = self.place.shape[1] - states.shape[2]
        return pad(states, (0, 0, 0, more)) if more else states

    def seen(self, layer: int, group: pattern.HeadGroup) -> Tensor:
        """Which slots the latest token sees: bool, (batch, heads or 1, 1, slots)."""
        return self._mask(layer, group, 0, self.new, self.place)

    def seen_by_new(self, layer: int, group: pattern.HeadGroup, queries: slice) -> Tensor:
        """Which old and new keys some of the latest tokens see: bool, (batch, heads or 1, queries, keys)."""
        return self._mask(layer, group, queries.start, self.new[:, queries], self.joined)

    def select(self, indices: Tensor) -> None:
        """Go on with these sequences of the batch."""
        indices = indices.to(self.place.device)
        self.place, self.until = self.place[indices], self.until[indices]

    def _mask(self, layer: int, group: pattern.HeadGroup, first: int, query: Tensor, key: Tensor) -> Tensor:
        """The mask of queries from the first on; made once for all layers in which heads of these kinds are."""
        name = (group.kinds, len(group.kv_heads), first)
        if name not in self.masks:
            heads = torch.tensor(pattern.mask_heads(group), device=key.device)
            query, key = query[:, None, :, None], key[:, None, None, :]
            self.masks[name] = pattern.seen_by(layer, heads, query, key, self.num_tokens)
        return self.masks[name]

    def _until(self, place: Tensor) -> Tensor:
        until = pattern.last_query(tuple(self.kinds), place) if self.kinds else torch.full_like(place, pattern.FOREVER)
        return until.masked_fill(place == NO_KEY, NO_KEY)

    def _is_at(self, num_tokens: int) -> None:
        self.num_tokens = num_tokens
        self.masks.clear()


ALL_KEYS: frozenset[int] = frozenset()


def keeps_all(num_kv_heads: int) -> bool:
    """Whether decoding needs every key in all KV heads, so that a cache of the pattern would save nothing."""
    if pattern.PHASE == "prefill":
        return True
    groups = (group for layer in range(pattern.NUM_LAYERS) for group in pattern.head_groups(layer, num_kv_heads))
    return all(_needed(group.kinds) == ALL_KEYS for group in groups)


def _needed(kinds: tuple[int, ...]) -> frozenset[int]:
    """What decides which keys are kept for query heads of these kinds; ALL_KEYS if all of them are."""
    return ALL_KEYS if any(pattern.LAST_QUERY[kind] is None for kind in kinds) else frozenset(kinds)


def _places(attention_mask: Tensor) -> Tensor:
    """Where each new token stands in its sequence, (batch, queries); NO_KEY for padding."""
    num_queries, num_keys = attention_mask.shape[2:]
    key, last = torch.arange(num_keys, device=attention_mask.device), attention_mask[:, 0, -1]
    start = num_keys - last.sum(dim=1, keepdim=True)  # what the last query does not see is padding before it
    if not torch.equal(last, key >= start):
        raise ValueError("PatternCache: needs padding on the left alone. Set tokenizer.padding_side = 'left'.")
    return (key[num_keys - num_queries :] - start).clamp(min=NO_KEY)


def _cannot_go_back() -> ValueError:
    return ValueError(
        "PatternCache: cannot take tokens back, as assisted decoding and crop() do, because keys that earlier queries "
        "see are gone. Leave past_key_values out."
    )
'''
