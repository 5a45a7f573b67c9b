"""The losses: images and texts, one or several texts an image, to one scalar."""
