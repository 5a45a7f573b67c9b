"""The report of a comparison, from its comparison.json only."""
