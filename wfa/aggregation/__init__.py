"""The techniques: caption features and importance weights to one text feature an image."""
