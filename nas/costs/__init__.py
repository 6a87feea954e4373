"""What a pattern costs for a target model: FLOPs, KV cache, activation memory; nothing here trains."""
