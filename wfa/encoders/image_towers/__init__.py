"""Locked image towers: one file each, named by `encoder.image_tower`."""
