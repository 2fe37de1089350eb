"""The release as MEDS 0.4 (Medical Event Data Standard): one stream of coded events per person."""
