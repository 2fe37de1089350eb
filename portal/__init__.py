"""The people's door: web pages for the board, hospitals and startups."""
