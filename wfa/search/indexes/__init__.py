"""Approximate search: FAISS indexes by factory string, built, changed, saved, loaded, merged."""
