"""Data sets as WebDataset shards: tar files that are written, checked, and read as a stream."""
