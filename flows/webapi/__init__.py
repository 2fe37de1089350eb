"""A definition straight from an ATLAS/WebAPI, with its concept sets resolved there and pinned."""
