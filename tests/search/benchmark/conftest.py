"""The folder of pictures that tests of training share."""

from tests.training.conftest import own_folder

__all__ = ["own_folder"]
