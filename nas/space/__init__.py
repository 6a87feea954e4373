"""Search spaces: how they are written, sampled, enumerated and loaded; and the named baselines."""
