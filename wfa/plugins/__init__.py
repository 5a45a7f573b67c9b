"""Choices of a config by name: found in our folders, installed packages, files, or handed over."""
