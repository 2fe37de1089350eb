"""One module per kind of database; what they share: what was found, how it is shown, which state it is in."""
