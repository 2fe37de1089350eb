"""In which form: policy, pseudonyms, date shift, k-anonymity, risk."""
