"""BigEarthNet.txt as a benchmark: its 15 tasks, their scorers, and a model's own answers."""
