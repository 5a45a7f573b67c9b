import logging
import threading
import warnings

import pytest

from wfa.data.quiet_libraries import quiet_libraries


def test_many_threads_leave_the_filters_as_they_were(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    before, logger = list(warnings.filters), logging.getLogger("PIL")
    as_it_was = logger.level, logger.propagate, list(logger.handlers)
    barrier = threading.Barrier(4)

    def work() -> None:
        for _ in range(20):
            with quiet_libraries():
                barrier.wait(5)
                logging.getLogger("PIL.TiffImagePlugin").error("said to nobody")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(warnings.filters) == before
    assert (logger.level, logger.propagate, logger.handlers) == as_it_was
    assert not caplog.records and not capfd.readouterr().err
    logging.getLogger("PIL.TiffImagePlugin").error("said outside")
    assert [record.message for record in caplog.records] == ["said outside"]


def test_other_warnings_pass() -> None:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with quiet_libraries():
            warnings.warn_explicit("of Pillow", UserWarning, "x.py", 1, module="PIL.Image")
            warnings.warn_explicit("of ours", UserWarning, "x.py", 1, module="wfa.data")
    assert [str(one.message) for one in said] == ["of ours"]
