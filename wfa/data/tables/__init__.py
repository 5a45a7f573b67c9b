"""Annotations in the forms that people publish them in: CSV, JSON, Parquet."""
