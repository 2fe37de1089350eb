"""The pages, one file for each person's area."""
