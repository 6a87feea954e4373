"""What is known of language models at scale."""

from claims.claim import Claim
from claims.relation import Relation

_NARROW = "full attention is not dominated by narrow choices"
_DEPTH = "growing >= equal > shrinking windows"
_HALF = "half of the layers full, as good as all"
_RANDOM = "random blocks without windows lose"

TEXT_CLAIMS = (
    Claim(_NARROW, "full", Relation.NOT_WORSE, "narrow_windows"),
    Claim(_NARROW, "full", Relation.NOT_WORSE, "growing_windows"),
    Claim(_NARROW, "full", Relation.NOT_WORSE, "wide_windows"),
    Claim(_DEPTH, "growing_windows", Relation.NOT_WORSE, "equal_windows"),
    Claim(_DEPTH, "equal_windows", Relation.BETTER, "shrinking_windows"),
    Claim(_DEPTH, "growing_windows", Relation.BETTER, "shrinking_windows"),
    Claim(_DEPTH, "growing_to_full", Relation.BETTER, "shrinking_from_full"),
    Claim(_HALF, "half_full_local_first", Relation.ALIKE, "full"),
    Claim(_HALF, "half_full_full_first", Relation.ALIKE, "full"),
    Claim(_HALF, "local_global_1_to_1", Relation.ALIKE, "full"),
    Claim(_RANDOM, "wide_windows", Relation.BETTER, "random_blocks"),
)
"""Sources: docs/transfer.md. What a regime fails, it says wrongly of larger models, or small models differ in it."""
