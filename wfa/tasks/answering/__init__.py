"""Answers of a contrastive model to all 15 tasks: by ranking statements, and by light heads."""
