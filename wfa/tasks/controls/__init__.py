"""What answers reach that know nothing of the image, and whether others reach measurably more."""
