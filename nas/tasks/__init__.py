"""What a proxy learns; numpy alone, no torch."""
