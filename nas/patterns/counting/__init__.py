"""Exact numbers of a pattern at a length: query-key pairs and KV-cache entries."""
