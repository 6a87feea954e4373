"""Which patterns of a study are exported."""
