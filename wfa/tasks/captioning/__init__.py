"""How near captions come to their references: n-grams, subsequences, alignments, meaning."""
