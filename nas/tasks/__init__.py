"""What a proxy learns."""
