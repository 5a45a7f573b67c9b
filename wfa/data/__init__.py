"""Data sets, the ragged batch, the loader, integrity checks, preparation."""
