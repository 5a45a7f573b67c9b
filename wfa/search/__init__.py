"""A person's own images: a folder becomes an index, words find its images, a page shows them."""
