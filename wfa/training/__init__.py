"""Fit a run: the LightningModule, optimiser and schedule, checkpoints, the run folder."""
