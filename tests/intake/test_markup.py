"""HTML as a reader sees it; nothing that strangers write makes it slow."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.markup import to_text
from tests.intake.bombs import HTML


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one<p>two", "one\n\ntwo"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<ul><li>a<li>b</ul>", "- a\n- b"),
        ("<table><tr><td>a<td>b</tr></table>", "a b"),
        ("a &lt;b&gt; &amp; c&nbsp;d &#233;", "a <b> & c\xa0d é"),
        ("1 < 2 and <3", "1 < 2 and <3"),
        ("<blockquote>old<br>words</blockquote>new", "> old\n> words\nnew"),
        ("<pre>one\n  two\n</pre>three", "one\ntwo\n\nthree"),
        ("<a href='x>y'>link</a> after", "link after"),
        ("<a title=\"it's\" href=x'y>don't</a> go", "don't go"),
        ('<img alt=x data-y="a>b">end', "end"),
        ("<!-- not this --><p>this", "this"),
        ("<!--[if mso]>not this<![endif]-->this", "this"),
        ("<![if !mso]>this<![endif]>", "this"),
        ("<!DOCTYPE html><?xml version='1'?>this", "this"),
        ("a<style>p { color: red }</style>b<script>if (a < b) {}</script>c", "abc"),
        ("<svg/>after", "after"),
        ("never <!-- closed", "never <!-- closed"),
        ("never <a closed", "never <a closed"),
        ("half a tag <a href='x", "half a tag <a href='x"),
    ],
)
def test_what_a_reader_sees(html, text):
    assert to_text(html) == (text, False)


@pytest.mark.parametrize(
    "style",
    [
        "display:none",
        "DISPLAY : NONE !important",
        "visibility:hidden",
        "font-size:0px",
        "opacity:0;",
        "max-height:0",
        "mso-hide:all",
        "text-indent:-9999px",
        "position:absolute;left:-5000px",
        "color:transparent",
        "display&#58;none",
    ],
)
def test_hidden_words_are_dropped_and_noted(style):
    for html in (
        f'seen<span style="{style}">not seen</span>',
        f"seen<p style='{style}'>not seen<p>",
    ):
        assert to_text(html) == ("seen", True)


@pytest.mark.parametrize(
    "style",
    ["font-size:0.9em", "opacity:0.5", "padding-left:-500px", "background-color:transparent"],
)
def test_visible_words_stay(style):
    assert to_text(f'<span style="{style}">seen</span>') == ("seen", False)


def test_after_a_hidden_element_that_never_ends_the_rest_is_noted_as_hidden():
    text, hidden = to_text("seen<div style='display:none'>not seen</body>")
    assert (text, hidden) == ("seen", True)
    assert to_text("seen<title>never ended") == ("seen", True)
    assert to_text("<p hidden>not seen<p>seen") == ("seen", True)


@pytest.mark.parametrize("name", HTML)
def test_no_html_takes_long(name):
    """A quarter of each bomb: seconds of our own computing, where html.parser takes minutes."""
    html = HTML[name]()
    html = html[: len(html) // 4]
    started = time.process_time()
    to_text(html)
    assert time.process_time() - started < 2.0


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("<>/!-?='\" abp\n&#;x1[]"), max_size=300))
def test_any_html_gives_text(html):
    text, _ = to_text(html)
    assert len(text) <= 10 * len(html) + 10


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["<p>", "</p>", "<br>", "<b>", "<div>", "<td>", "<a href='x'>"])))
def test_every_word_between_tags_is_kept(tags):
    words = [f"word{number}" for number in range(len(tags))]
    html = "".join(f"{tag} {word} " for tag, word in zip(tags, words, strict=True))
    assert [word for word in to_text(html)[0].split() if word.startswith("word")] == words
