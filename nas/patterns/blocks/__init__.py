"""Which blocks of queries and keys hold visible pairs, computed from descriptions instead of masks."""
