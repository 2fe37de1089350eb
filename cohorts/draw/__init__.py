"""Cases and controls drawn from a cohort."""
