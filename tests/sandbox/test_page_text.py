"""How the page draws words: nothing a stranger wrote comes alive."""

import re
from pathlib import Path

import pytest

from tests.sandbox.browser import plain, words

expect = pytest.importorskip("playwright.async_api", reason="Playwright is not here").expect
pytestmark = pytest.mark.asyncio(loop_scope="session")

HOSTILE = (
    "<script>window.hit = 1</script> <!channel> <https://example.org|klick> *fett* :tada: &amp;"
)


async def test_words_of_a_stranger_stay_words(stage):
    link = {"type": "link", "url": "javascript:window.hit=1", "text": "bad"}
    rich = {"type": "rich_text_section", "elements": [{"type": "text", "text": HOSTILE}, link]}
    card = await stage.card(
        {"type": "section", "block_id": "dead", "text": plain(HOSTILE, emoji=False)},
        {"type": "section", "block_id": "smile", "text": plain("done :tada:")},
        {"type": "rich_text", "block_id": "rich", "elements": [rich]},
        words("&lt;script&gt; <!here> <javascript:hit()|x>"),
    )
    dead = card.locator("[data-block-id=dead] .text")
    assert await dead.text_content() == HOSTILE
    assert await card.locator("[data-block-id=smile]").text_content() == "done 🎉"
    assert await card.locator("[data-block-id=rich]").text_content() == f"{HOSTILE}bad"
    assert await card.locator("script, a").count() == 0
    assert await card.locator(".mention").all_text_contents() == ["@here"]
    await expect(card).to_contain_text("<script> @here <javascript:hit()|x>")
    assert await stage.tab.evaluate("window.hit") is None


MRKDWN = {
    "*due* _soon_ ~old~ `a*b*`": "<strong>due</strong> <em>soon</em> <s>old</s>"
    ' <code class="code">a*b*</code>',
    "2*3*4 snake_case_name * a *": "2*3*4 snake_case_name * a *",
    "*bold _both_*": "<strong>bold <em>both</em></strong>",
    "a &amp;lt; b &lt;i&gt;": "a &amp;lt; b &lt;i&gt;",
    "```x *y*\n<b>```": '<pre class="pre">x *y*\n&lt;b&gt;</pre>',
    "&gt; said\nafter": '<blockquote class="quote">said</blockquote>after',
    "<@U02BEN> <@U01ANA|ana>": '<span class="mention" data-user="U02BEN">@Ben Okafor</span> '
    '<span class="mention own" data-user="U01ANA">@Ana Lima</span>',
    "<#C01STAFF>": '<span class="mention" data-channel="C01STAFF">#privacy-requests</span>',
    "<https://example.org/a?b&amp;c|*label*>": '<a href="https://example.org/a?b&amp;c"'
    ' title="https://example.org/a?b&amp;c" target="_blank"'
    ' rel="noopener noreferrer nofollow">*label*</a>',
    "<data:text/html,x|y>": "&lt;data:text/html,x|y&gt;",
    "https://example.org": "https://example.org",
    ":warning: :nosuch: 10:30:00": "⚠️ :nosuch: 10:30:00",
    "<!date^1798761600^{date_num} {time}|then>": '<time class="date" title="then"'
    ' datetime="2027-01-01T00:00:00.000Z">2027-01-01 00:00</time>',
    "<!date^soon^{date}|1 Jan (UTC)>": '<time class="date" title="1 Jan (UTC)">1 Jan (UTC)</time>',
}


async def test_mrkdwn(stage):
    drawn = await stage.tab.evaluate(
        """async (texts) => {
          const { mrkdwn } = await import("/page/mrkdwn.js");
          const people = { U01ANA: "Ana Lima", U02BEN: "Ben Okafor" };
          const reader = { tz: "Europe/London", me: "U01ANA", now: () => 0,
            user: (id) => ({ real_name: people[id] }),
            channel: () => ({ name: "privacy-requests" }) };
          return texts.map((text) => {
            const box = document.createElement("div");
            box.append(...mrkdwn(text, reader, true));
            return box.innerHTML;
          });
        }""",
        list(MRKDWN),
    )
    assert dict(zip(MRKDWN, drawn, strict=True)) == MRKDWN


async def test_hostile_mrkdwn_is_drawn_in_good_time(stage):
    took = await stage.run("""
      const { mrkdwn } = await import("/page/mrkdwn.js");
      const began = performance.now();
      for (const bit of ["*a ", "_*~", "<", "`x", "> ", "```a"]) mrkdwn(bit.repeat(4000), {});
      return performance.now() - began;""")
    assert took < 1500


async def test_dates_follow_the_readers_zone_and_the_desks_day(stage):
    noon = 1_790_000_000  # 21 September 2026, 14:13:20 UTC
    asked = [
        ("{date} at {time}", "Europe/London", noon, "September 21st, 2026 at 15:13"),
        ("{date_long}", "America/New_York", noon, "Monday, September 21st, 2026"),
        ("{date_short} {time_secs}", "Asia/Tokyo", noon, "Sep 21, 2026 23:13:20"),
        ("{date_num}", "Pacific/Auckland", noon, "2026-09-22"),
        ("{date_pretty}", "UTC", noon, "Today"),
        ("due {date_short_pretty}", "UTC", noon + 86_400, "due tomorrow"),
        ("{date_long_pretty}", "UTC", noon - 86_400, "Yesterday"),
        ("{date_slash}, {ago}", "UTC", noon - 7200, "21/09/2026, 2 hours ago"),
        ("{nonsense}", "UTC", noon, None),
    ]
    got = await stage.tab.evaluate(
        """async ({ asked, now }) => {
          const { slackDate } = await import("/page/dates.js");
          return asked.map(([format, tz, at]) => slackDate(at, format, tz, now));
        }""",
        {"asked": asked, "now": noon * 1000},
    )
    assert got == [row[3] for row in asked]


async def test_no_markup_is_made_from_text():
    folder = Path(__file__).parents[2] / "bot" / "sandbox" / "page"
    sources = {path.name: path.read_text("utf-8") for path in folder.glob("*.js")}
    assert sources
    made = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|DOMParser")
    assert [name for name, text in sources.items() if made.search(text)] == []
    index = (folder / "index.html").read_text("utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=|https?://", index)
