"""The studies that ship with Naru: a study file, two cohort definitions, and what a clinician has to know, each."""
