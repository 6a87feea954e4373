"""Exact sparse attention from plain tensor operations, on any device.

`plan` cuts a head's union into disjoint parts and tiles, `routing` brings queries to the blocks that they chose,
`online` runs both under one softmax, and `function` adds a backward pass that stores no scores.
docs/attention.md explains the method.
"""

from nas.attention.pieces.function import pieces_attention

__all__ = ["pieces_attention"]
