"""Recording studies in Weights & Biases; the only room that knows wandb."""
