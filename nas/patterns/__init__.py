"""What a pattern is: primitives, heads, layers, models, their file, counts and pictures."""
