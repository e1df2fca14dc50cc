"""HTML becomes the text that a browser would show, and text stays what it is."""

import pytest
from iraqstance.dataset.markup import holds_markup, text_of


@pytest.mark.parametrize(
    "text",
    [
        "<p>Tea.</p>",
        "Tea<br/>cup",
        "the <a href='/tea?a=1&b=2'>cup</a>",
        "AT&amp;T",
        "its&nbsp;cup",
        "&#8217;",
        "<!-- x -->",
    ],
)
def test_tags_and_entities_are_seen(text: str) -> None:
    assert holds_markup(text)


@pytest.mark.parametrize(
    "text", ["a < b and b > a", "tea & cups;", "<redacted>", "<me@example.org>", "1 <2> 3", "&tea;", "Q&A; or so"]
)
def test_text_with_the_same_signs_is_no_html(text: str) -> None:
    assert not holds_markup(text)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>The cup&rsquo;s\n rim</p><p>is <em>bl</em>ue.</p>", ["The cup’s rim", "is blue."]),
        ("<div>One<br>two<br/>three</div>", ["One", "two", "three"]),
        ("<ul><li>tea<li>milk</ul>", ["tea", "milk"]),
        ("<p>Tea</p><script>var a = '<p>milk</p>';</script><style>p {}</style><p>cup</p>", ["Tea", "cup"]),
        ("<!DOCTYPE html><html><head><title>Cups</title></head><body>Tea<!-- milk --></body>", ["Cups", "Tea"]),
        ("The <b>cup</b>\nand the <a href='x'>pot</a>", ["The cup", "and the pot"]),
        ("<p>&lt;b&gt;Tea&lt;/b&gt; &amp;rsquo;</p>", ["Tea ’"]),
        ("<p>cafe&#x301;</p>", ["café"]),
        ("<p>one&#x2028;two</p>", ["one", "two"]),
    ],
)
def test_the_text_of_html_is_what_a_browser_shows(html: str, text: list[str]) -> None:
    assert [line.strip() for line in text_of(html).splitlines() if line.strip()] == text


def test_what_is_never_closed_is_still_told() -> None:
    assert holds_markup(text_of("<p>Tea</p> &amp;amp;amp;amp;amp;"))
