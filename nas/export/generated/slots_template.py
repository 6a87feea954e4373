"""The code of the slots in which the cache of a generated module holds keys: which are kept, and who sees them."""

SLOTS = '''

NO_KEY = -1  # the place of an empty slot and of padding
SPARE = 128  # slots that a full cache has for each that it grows by
ALL_KEYS: frozenset[int] = frozenset()


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
'''
