"""What leaves: rows and windows, packages, versions, the release store."""
