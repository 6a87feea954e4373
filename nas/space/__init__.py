"""Search spaces: how they are written, sampled, listed and loaded; and the named baselines."""
