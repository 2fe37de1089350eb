"""The stages of an extraction, each a plain function from files to files."""
