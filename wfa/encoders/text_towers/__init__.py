"""Locked text towers: one file each, named by `encoder.text_tower`."""
