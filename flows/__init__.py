"""The wiring: study and site models, stages, Prefect flows, the command line."""
