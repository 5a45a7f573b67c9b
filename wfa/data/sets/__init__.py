"""The data sets: each file without a leading underscore is a choice of `data=NAME`."""
