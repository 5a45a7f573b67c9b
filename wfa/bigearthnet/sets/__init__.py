"""Plug-ins: the data set `bigearthnet_txt`."""
