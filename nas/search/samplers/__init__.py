"""What the sampler proposes next."""
