"""The contract of an export format, and what all formats share: heads of a pattern, refusals, comparing masks."""
