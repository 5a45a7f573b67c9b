"""Retrieval: features of a data set, exact search, and what the metrics of each protocol mean."""
