"""The main job end to end, on public and synthetic data, with embedded defaults."""
