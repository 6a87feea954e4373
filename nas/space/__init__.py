"""How a search space is described, sampled and loaded, and the named baselines beside it."""
