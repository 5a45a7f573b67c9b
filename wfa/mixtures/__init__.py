"""Several data sets as one, with what training images share with evaluation found."""
