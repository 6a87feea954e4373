"""W&B runs as plain data."""
