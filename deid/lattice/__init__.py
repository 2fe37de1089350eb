"""Globally optimal full-domain generalisation: of all combinations of levels that reach the privacy asked, the one of least loss."""
