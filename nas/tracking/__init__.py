"""Studies recorded in Weights & Biases; the only room that imports wandb."""
