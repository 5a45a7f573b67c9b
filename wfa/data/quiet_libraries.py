"""Keep what image libraries say of a damaged file off the terminal: our own message says it."""

import ctypes
import ctypes.util
import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import PIL

_LOGGERS = ("PIL", "tifffile")
_lock = threading.Lock()
_inside = 0
_before: Any = None
_passed_on: dict[str, bool] = {}
_nowhere = logging.NullHandler()


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Hold back warnings and log lines of Pillow, tifffile and libtiff inside the block.

    Warning filters belong to the process and not to a thread, so the first of several threads
    sets them and the last one puts back what was there before.
    """
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _inside, _before
    with _lock:
        _inside += 1
        if _inside > 1:
            return
        _silence_libtiff()
        _before = warnings.catch_warnings()
        _before.__enter__()
        warnings.filterwarnings("ignore", module=r"PIL\.")
        warnings.filterwarnings("ignore", module="tifffile")
        # A change of level would make every logger of the process look its own up anew, for each
        # picture; what is not passed on costs nothing.
        for name in _LOGGERS:
            logger = logging.getLogger(name)
            _passed_on[name], logger.propagate = logger.propagate, False
            logger.addHandler(_nowhere)


def _leave() -> None:
    global _inside
    with _lock:
        _inside -= 1
        if _inside:
            return
        for name in _LOGGERS:
            logger = logging.getLogger(name)
            logger.removeHandler(_nowhere)
            logger.propagate = _passed_on[name]
        _before.__exit__(None, None, None)


@cache
def _silence_libtiff() -> None:
    """Take away libtiff's own error handler, which writes to the terminal from C."""
    site = Path(PIL.__file__).parents[1]  # wheels bring libtiff along, distributions share theirs
    brought = [*site.glob("pillow.libs/libtiff*"), *site.glob("PIL/.dylibs/libtiff*")]
    path = str(brought[0]) if brought else ctypes.util.find_library("tiff")
    if path:
        with suppress(OSError, AttributeError):
            ctypes.CDLL(path).TIFFSetErrorHandler(None)
