"""What a pattern's attention takes on this machine: time by the clock, memory by the allocator."""
