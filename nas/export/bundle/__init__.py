"""The files of one export: written, loaded, verified."""
