"""Classes of images: named by prompts without training, or learned from features by probes."""
