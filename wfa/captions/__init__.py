"""Pure text: folding, sentences, tokens, BLEU, uniqueness, importance weights, redundancy audit.

Nothing here knows of tensors, images or files. Captions come as one sequence of strings an image;
results are flat arrays in the order of images, then captions.
"""
