"""Text and token files."""
