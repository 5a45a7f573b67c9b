"""Compare techniques: a grid of runs, statistics over seeds and images, cost, guidelines."""
