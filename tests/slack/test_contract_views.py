"""Every window of every kind at its limits: what Slack takes, and a stranger's words never live."""

import json
from collections.abc import AsyncIterator

import msgspec
import pytest

from bot.sandbox.limits import check_view, view_too_large
from bot.slack import cards, forms, lists, reading, views
from bot.slack.pointers import to_offer
from handlers import offers
from handlers.handler import Click, Person, Role
from handlers.opening import IMPORTED
from storage.records import Attachment, Entry, InboundMail, ParsedMail
from tests.handlers.desks import ANA, COUNSEL, GUARD, NOW, REGISTRY, a_bench
from tests.slack.states import KINDS, STRANGE, ZONE, everything_at_once, ten
from tests.storage.making import putting

ALL_ROLES = Person(id="U01ANA", roles=frozenset(Role))
LIVE = ("<!channel>", "<!here>", "<@U01ANA>", "<https://evil.example|click>")
HOSTILE = ParsedMail(
    message_id="<x@example.org>",
    header_from=STRANGE["requester"],
    from_name=STRANGE["requester_name"],
    reply_to="<!here>@example.net",
    to=("<!channel>@example.org",) * 200,
    subject=STRANGE["subject"],
    text="مرحبا <!channel> 😀 " * 40_000,
    shown="مرحبا <!channel> <@U01ANA> 😀 " * 9_000,
    attachments=tuple(
        Attachment(name=f"<!channel>{n}{'x' * 300}.pdf", media_type="a/b", size=10**9, sha256="0")
        for n in range(200)
    ),
    defects=("<!here> " + "d" * 900,) * 50,
)


def faults(view) -> list[str]:
    return [*check_view(view), *(["too large"] if view_too_large(view) else [])]


def live(view) -> list[str]:
    """What a stranger wrote and Slack would bring to life."""
    found: list[str] = []

    def look(node) -> None:
        if isinstance(node, dict):
            if node.get("type") == "mrkdwn":
                found.extend(word for word in LIVE[:2] + LIVE[3:] if word in node["text"])
            for inner in node.values():
                look(inner)
        elif isinstance(node, list):
            for inner in node:
                look(inner)

    look(view)
    return found


@pytest.fixture
async def bench(tmp_path) -> AsyncIterator:
    async with a_bench(tmp_path) as made:
        yield made


async def hostile(bench, case):
    """The same case with a stranger's worst words in it."""
    worst = {**STRANGE, "requester": case.requester}
    await bench.store.commit(putting(msgspec.structs.replace(case, **worst), act="x"))
    return await bench.fresh(case)


@pytest.mark.parametrize("kind", KINDS)
async def test_slack_takes_every_form_a_kind_can_ask(*, bench, kind, view_faults):
    """At the start, and when all is done but the answer."""
    steps = [step.name for step in REGISTRY[kind].steps]
    until = "answer" if "answer" in steps and kind != "unsubscribe" else "confirm"
    by = {"child_data": GUARD, "legal_demand": COUNSEL}.get(kind, ANA)
    first, later = await bench.case(kind), await bench.walk(await bench.case(kind), by, until)
    seen = set()
    for case in (await hostile(bench, first), await hostile(bench, later)):
        for offer in offers.offers(case, REGISTRY):
            if not offer.form:
                continue
            pointer = to_offer(case, offer)
            click = Click(
                ref=case.ref, action=offer.action, by=ALL_ROLES, version=case.version,
                request=offer.request, value=pointer.value,
            )  # fmt: skip
            view = forms.view(await bench.desk.form(click, NOW), pointer, "abc123")
            assert faults(view) == [], offer.action
            assert view_faults(view) == [], offer.action
            assert live(view) == [], offer.action
            seen.add(offer.action)
    assert len(seen) > 3


@pytest.mark.parametrize("case", [ten(), everything_at_once()], ids=["ten", "everything"])
def test_slack_takes_the_window_of_the_fullest_case(case):
    whole = msgspec.structs.replace(case, **STRANGE)
    shown = cards.window(whole, offers.offers(whole, REGISTRY), REGISTRY, NOW, ZONE)
    view = reading.opened(whole, shown)
    assert faults(view) == []
    assert live(view) == []


def test_slack_takes_the_worst_mails_and_the_longest_history():
    case = msgspec.structs.replace(ten(), **STRANGE)
    stored = InboundMail(
        id="m1", received_at=NOW, mail_from="x@example.org", rcpt_to=(), peer="1", sha256="0",
        size=1, sender="<!channel> pass",
    )  # fmt: skip
    entries = [
        Entry(seq=n, at=NOW, actor="U01ANA", act="note", case=case.ref, note="<!channel> " * 100)
        for n in range(3000)
    ]
    for view in (
        reading.mails(case, [(stored, HOSTILE)] * 10, ZONE),
        reading.ignored((stored, HOSTILE), ZONE),
        reading.history(case, entries, ZONE),
    ):
        assert faults(view) == []
        assert live(view) == []


def test_slack_takes_a_page_of_the_longest_list():
    cases = [msgspec.structs.replace(ten(), ref=f"PR-2026-{n:04}", **STRANGE) for n in range(500)]
    lines = lists.imports(cases, REGISTRY, ZONE)
    for number in (0, 24, 49):
        page = lists.Page(name=f"{IMPORTED}:b1", lines=lines, number=number, said="<x>", shut=3)
        view = lists.window(page, "abc123")
        assert faults(view) == []
        assert live(view) == []


def test_the_words_of_a_window_are_never_empty():
    for view in (views.waiting(), views.message("x" * 90, ""), views.message("", "x")):
        assert faults(view) == []
        assert json.dumps(view)
