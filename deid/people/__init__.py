"""How fine people may be described: k-anonymity of the quasi-identifiers of a draw."""
