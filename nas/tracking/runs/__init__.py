"""What a W&B run holds, as plain data."""
