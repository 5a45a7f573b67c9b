"""Plug-ins: the embedded data sets `scenes` and `scenes_s1s2`."""
