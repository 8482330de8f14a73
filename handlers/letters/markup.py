"""A letter's text as simple HTML, for mail programs that show the richer part (RFC 2046 5.1.4).

It says what the text says and no more: nothing is loaded, nothing is styled, links show where
they lead.
"""

import html
import re

_LINK = re.compile(r"https?://[^\s<>()]+[^\s<>().,;:]")


def html_of(text: str, language: str) -> str:
    """Paragraphs and line breaks of `text`, everything escaped."""
    paragraphs = (part.strip("\n") for part in re.split(r"\n{2,}", text.strip("\n")))
    body = "\n".join(f"<p>{_lines(part)}</p>" for part in paragraphs if part)
    spoken = html.escape(language)
    return f'<!DOCTYPE html>\n<html lang="{spoken}">\n<body>\n{body}\n</body>\n</html>\n'


def _lines(paragraph: str) -> str:
    return "<br>\n".join(_linked(line) for line in paragraph.split("\n"))


def _linked(line: str) -> str:
    told, end = [], 0
    for link in _LINK.finditer(line):
        address = html.escape(link.group())
        told += [html.escape(line[end : link.start()]), f'<a href="{address}">{address}</a>']
        end = link.end()
    return "".join([*told, html.escape(line[end:])])
