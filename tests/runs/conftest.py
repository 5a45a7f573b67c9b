"""The untrained run that tests of search share."""

from tests.search.conftest import model, shared_run

__all__ = ["model", "shared_run"]
