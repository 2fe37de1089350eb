"""A seeded synthetic hospital of any size."""
