"""The same board for scripts: tokens instead of cookies, JSON instead of pages, the same decisions."""
