"""One module for each kind of reference page; each gives Markdown from what the code says."""
