"""Plug-ins: kinds of model. `model=clip` is the towers alone; others learn more beside them."""
