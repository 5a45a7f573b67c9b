import pytest

from wfa.report.elements import count, duration, facts, share, table
from wfa.report.scores import DASH


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, DASH), (0.0, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.4, "59 s"),
        (59.6, "1 min 00 s"), (185, "3 min 05 s"), (3599.4, "59 min 59 s"),
        (3599.6, "1 h 00 min"), (7620, "2 h 07 min"),
    ],
)  # fmt: skip
def test_durations_read_as_people_say_them(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def test_numbers_in_words() -> None:
    assert (count(1234567.0), count(None)) == ("1,234,567", DASH)
    assert (share(0.12345), share(None)) == ("12.3 %", DASH)


def test_facts_without_a_value_are_left_out() -> None:
    made = facts([("speed", "fast"), ("size", DASH), ("age", None)])
    assert made == '<dl class="facts"><div><dt>speed</dt><dd>fast</dd></div></dl>'


def test_label_columns_head_their_rows() -> None:
    made = table(["a", "b"], [["x", "1"], ["y", "2"]], faint=[1])
    assert '<th scope="row">x</th><td>1</td>' in made
    assert '<tr class="faint"><th scope="row">y</th>' in made
