"""Is a hospital's baseline database sound? Every check of DataQualityDashboard, and what it does not ask."""
