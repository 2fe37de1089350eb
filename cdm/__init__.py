"""Where it is: a hospital's OMOP CDM (5.3, 5.4), whatever database it lives in."""
