"""May it leave: case, release, grant, rights, votes, the ledger."""
