"""The steps that bring a board's database from any earlier layout to today's."""
