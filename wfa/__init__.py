"""Redundancy-aware contrastive pretraining on remote-sensing images with several captions each."""

__version__ = "0.1.0"
