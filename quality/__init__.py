"""Is it good: the release gate and its reports."""
