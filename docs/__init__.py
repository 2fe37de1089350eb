"""Documentation, and what makes its reference pages from code."""
