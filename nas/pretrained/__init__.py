"""A decoder that one already has: loaded, tokenised for, run under a pattern, scored, fine-tuned, probed."""
