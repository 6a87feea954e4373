"""What an export format is, and what all formats need: heads of a pattern, refusals, comparing masks."""
