"""Where jobs run: in this process, or in workers side by side."""
