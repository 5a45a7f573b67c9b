"""A run handed to other programs: weights, features and instructions in the forms they read."""
