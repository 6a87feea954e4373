"""Choosing which patterns of a study to export."""
