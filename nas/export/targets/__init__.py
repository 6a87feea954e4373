"""One file a target: what it writes, how it is read back, and how it is used."""
