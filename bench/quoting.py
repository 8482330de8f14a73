"""How well quoted words are told from new ones: `python -m bench.quoting`.

Over the replies and forwarded mails of tests/intake/replies.py: exact, own words lost,
quotation left. Also what no library and mail-parser-reply alone would give.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Sequence

from mailparser_reply import EmailReplyParser

from intake.quoted import newest
from tests.intake.replies import FORWARDS, OWN_WORDS, REPLIES, UNSEEN, Reply

_LANGUAGES = ["en", "de", "fr", "es", "it", "nl", "pl", "cs", "da", "ja", "ko", "sv", "zh"]

Way = Callable[[Reply], str]


def by_library(reply: Reply) -> str:
    return str(EmailReplyParser(languages=list(_LANGUAGES)).parse_reply(reply.text) or "")


WAYS: dict[str, Way] = {
    "nothing": lambda reply: reply.text,
    "mail-parser-reply": by_library,
    "the desk": lambda reply: newest(reply.text, reply.subject),
}


def judged(reply: Reply, shown: str) -> str:
    """One of exact, own words lost, quotation left, blank lines."""
    if shown.strip() == reply.new.strip():
        return "exact"
    lines = {line.strip() for line in shown.splitlines()}
    if any(line.strip() and line.strip() not in lines for line in reply.new.splitlines()):
        return "own words lost"
    wanted = {line.strip() for line in reply.new.splitlines()}
    return "quotation left" if lines - wanted - {""} else "exact"


def figures(way: Way, replies: Sequence[Reply] = REPLIES) -> Counter[str]:
    return Counter(judged(reply, way(reply)) for reply in replies)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", action="store_true", help="name what is not exact")
    options = parser.parse_args(arguments)
    print("exact / own words lost / quotation left")
    for name, way in WAYS.items():
        print(f"{name}:")
        for title, replies in (("replies", REPLIES), ("of other programs", UNSEEN)):
            found = figures(way, replies)
            shown = (found["exact"], found["own words lost"], found["quotation left"])
            print(f"  {len(replies):3} {title:20} {shown[0]:3} {shown[1]:3} {shown[2]:3}")
        read = sum(reply.new in way(reply) for reply in FORWARDS)
        print(f"  {len(FORWARDS):3} forwarded, read       {read:3}")
        whole = sum(way(Reply("own", "x", text, text)).strip() == text for text in OWN_WORDS)
        print(f"  {len(OWN_WORDS):3} look-alikes, whole   {whole:3}")
    if options.each:
        for reply in (*REPLIES, *UNSEEN):
            verdict = judged(reply, WAYS["the desk"](reply))
            if verdict != "exact":
                print(f"  {reply.name}: {verdict}: {WAYS['the desk'](reply)!r}")


if __name__ == "__main__":
    main()
