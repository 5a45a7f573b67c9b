"""The picture of which class is taken for which: every count where it belongs, and readable."""

import re
from itertools import pairwise

import pytest

from tests.report.test_plots import Picture
from wfa.report.confusion_picture import confusion_picture
from wfa.report.plots import Plot

NAMES = ("<beach>", "river", "desert")
COUNTS = ((3, 1, 0), (0, 0, 0), (1, 398, 1))


def shades(plot: Plot | None) -> list[float]:
    assert plot is not None
    return [float(found) for found in re.findall(r"opacity: ([\d.]+)", plot.svg)]


def test_each_count_is_shaded_by_its_share_of_the_row_and_read_by_the_mouse() -> None:
    plot = confusion_picture("t", NAMES, COUNTS, "of")
    picture = Picture(plot)
    assert picture.said == [
        "t", "of <beach>, found <beach>: 75.0 %", "of <beach>, found river: 25.0 %",
        "of desert, found <beach>: 0.2 %", "of desert, found river: 99.5 %",
        "of desert, found desert: 0.2 %",
    ]  # fmt: skip
    full = shades(plot)[3] / 0.995
    assert shades(plot) == pytest.approx([full * x for x in (0.75, 0.25, 0.0025, 0.995, 0.0025)])


def test_numbers_stand_in_their_row_and_column_and_names_at_both() -> None:
    picture = Picture(confusion_picture("t", NAMES, COUNTS, "of"))
    assert [text for text, _, _ in picture.texts] == [*NAMES, *NAMES, "75", "25", "100"]
    place = {text: (x, y) for text, x, y in picture.texts[6:]}
    columns = [x for _, x, _ in picture.texts[:3]]
    rows = [y for _, _, y in picture.texts[3:6]]
    for text, row, column in (("75", 0, 0), ("25", 0, 1), ("100", 2, 1)):
        assert place[text][0] == pytest.approx(columns[column], abs=8)
        assert place[text][1] == pytest.approx(rows[row], abs=8)


@pytest.mark.parametrize(("classes", "widest"), [(10, 600), (21, 830), (45, 1040)])
def test_it_fits_the_page_at_as_many_classes_as_the_field_has(classes: int, widest: int) -> None:
    names = [f"dense residential {place}" for place in range(classes)]
    counts = [[int(a == b) for a in range(classes)] for b in range(classes)]
    plot = confusion_picture("t", names, counts, "of")
    assert plot is not None
    width, height = map(float, re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', plot.svg)[0])
    assert width == height <= widest
    spots = [(x, y) for text, x, y in Picture(plot).texts if text == "100"]
    assert len(spots) == classes
    assert min(b[0] - a[0] for a, b in pairwise(spots)) >= 18


def test_long_names_are_cut_and_strange_ones_drawn() -> None:
    names = ("land principally occupied by agriculture", "$x^2$ \x00")
    picture = Picture(confusion_picture("t", names, ((1, 0), (0, 1)), "of"))
    shown = [text for text, _, _ in picture.texts[:2]]
    assert shown == ["land principally occupi…", "$x^2$ \ufffd"]
    assert picture.said[1] == f"of {names[0]}, found {names[0]}: 100.0 %"


@pytest.mark.parametrize("counts", [(), ((0, 0), (0, 0))])
def test_nothing_counted_is_no_picture(counts: tuple[tuple[int, ...], ...]) -> None:
    assert confusion_picture("t", ("a", "b"), counts, "of") is None


def test_counts_that_are_not_square_are_refused() -> None:
    with pytest.raises(ValueError, match=r"shorter|longer"):
        confusion_picture("t", ("a", "b"), ((1, 2),), "of")
