from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from wfa.report.markup import Markup, join, raw, tag


class Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.text += data


def read(markup: str) -> Seen:
    seen = Seen()
    seen.feed(markup)
    seen.close()
    return seen


# A parser turns the line ends of a page into \n, and may not be given NUL.
texts = st.text(st.characters(blacklist_characters="\0\r", blacklist_categories=["Cs"]))


@given(texts, texts)
def test_whatever_the_text_the_page_shows_it_and_holds_nothing_else(text: str, value: str) -> None:
    seen = read(tag("p", text, title=value))
    assert seen.tags == [("p", [("title", value)])]
    assert seen.text == text


def test_elements_nest_unescaped() -> None:
    assert tag("p", "a<b", tag("b", "&")) == "<p>a&lt;b<b>&amp;</b></p>"
    assert join(["<", raw("<hr>"), None, 3]) == "&lt;<hr>3"
    assert isinstance(tag("p"), Markup)


def test_attributes_are_named_as_html_names_them() -> None:
    made = tag("a", class_="x", data_sort=1, hidden=True, title=None, id=False, http_equiv="y")
    assert made == '<a class="x" data-sort="1" hidden http-equiv="y"></a>'


def test_void_elements_are_not_closed() -> None:
    assert tag("img", src="data:,") == '<img src="data:,">'


def test_text_made_from_markup_is_text_again() -> None:
    assert tag("p", tag("b") + "<i>") == "<p>&lt;b&gt;&lt;/b&gt;&lt;i&gt;</p>"
