"""The files of one export: written, read back, verified."""
