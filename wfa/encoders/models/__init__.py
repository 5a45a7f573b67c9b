"""Plug-ins: pairs of towers; the file's name is what `encoder=NAME` says."""
