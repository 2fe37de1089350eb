"""A synthetic twin: the layout, schema and distributions of a release, made of disclosure-controlled aggregates alone."""
