"""Where jobs run: in this process, or in parallel workers."""
