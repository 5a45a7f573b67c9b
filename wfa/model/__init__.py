"""The multi-caption CLIP: two towers, an aggregation, a temperature and a loss."""
