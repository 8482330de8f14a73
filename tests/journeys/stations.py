"""A case under way: the clock is moved from station to station, and who hears what there is told.

A station is a moment at which the desk speaks by itself. Between two of them it says nothing.
"""

from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from handlers import letters
from handlers.handler import CONFIRM
from storage.records import Alarm, Case, DirectMessage, ThreadLine
from tests.journeys.walking import Walk, close
from tests.journeys.world import ANA, BEN, MARA, OLE, STAFF, Acting, World, mail
from tests.waiting import until

LONDON = ZoneInfo("Europe/London")
MANAGERS_TOLD = "the managers"
NORA = "nora@example.org"
#: Ben stands in for Ana and Mara for Ben; Ole owns the accounts and whatever else is asked of
PEOPLE = f"""[people]
backups = {{ {ANA} = "{BEN}", {BEN} = "{MARA}", {MARA} = "{ANA}" }}
owners = {{ accounts = "{OLE}", billing = "{OLE}" }}
"""


def london(text: str) -> datetime:
    """`2027-02-16 09:00` on the wall in London."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


class Journey(Walk):
    """One case from its mail to its end, watched."""

    heard: set[str]
    asked = OLE  #: who owns the systems

    @property
    def store(self):
        return self.world.app.store

    async def due(self) -> tuple[date, date]:
        due = (await self.case()).request(self.request).due
        return due.due_on, due.aim_on

    async def to_time(self, when: str) -> None:
        """Nothing is said on the way there, or what was said is taken as heard."""
        await self.world.move_to(london(when))

    async def station(self, when: str, *whom: str, says: str, chases: str = "") -> None:
        """The clock comes to `when`: these people hear that, and nobody hears anything else.

        `chases`: what the owner of the systems hears in the same hour.
        """
        await self.nothing_new()
        await self.world.move_to(london(when))
        await self.told(*whom, says=says, chases=chases)

    async def told(self, *whom: str, says: str, chases: str = "") -> None:
        """These people heard that since, and nobody heard anything else."""

        async def said() -> list[str] | None:
            lines = [m.content.text for m in await self._new(ThreadLine)]
            return [line for line in lines if says in line]

        try:
            lines = await until(self.store, said)
        except TimeoutError:
            heard = [m.content.text for m in await self._new(ThreadLine)]
            raise AssertionError(f"nobody said {says!r}, but {heard}") from None
        assert len(lines) == 1, lines
        heard = [*await self._new(DirectMessage), *await self._new(Alarm)]
        other = [m for m in heard if says not in m.content.text]
        assert [_whom(m) for m in other] == [self.asked] * bool(chases), _heard(other)
        assert all(chases in m.content.text for m in other), _heard(other)
        assert sorted(_whom(m) for m in heard if m not in other) == sorted(whom), _heard(heard)
        await self.hear()

    async def ever_told(self, *whom: str) -> list[str]:
        """All that these people, or the managers, have heard of it by themselves."""
        found = await self.store.messages_of(self.ref)
        told = [m for m in found if isinstance(m.content, DirectMessage | Alarm)]
        return [m.content.text for m in told if _whom(m) in whom]

    async def nothing_new(self) -> None:
        """Nobody has been told anything since."""
        found = [*await self._new(DirectMessage), *await self._new(Alarm)]
        assert found == [], _heard(found)

    async def hear(self) -> None:
        """All that has been said so far is known."""
        self.heard = {m.id for m in await self.store.messages_of(self.ref)}

    async def _new(self, content: type) -> list:
        found = await self.store.messages_of(self.ref)
        return [m for m in found if isinstance(m.content, content) and m.id not in self.heard]

    async def card_says(self, who: Acting, *texts: str) -> None:
        """The card in its channel, once it holds all of these."""

        def look() -> bool:
            shown = [str(m["blocks"]) for m in who.cards(self.ref, self.channel)]
            return any(all(text in each for text in texts) for each in shown)

        await who.until(look, f"card {self.ref} saying {texts}")

    async def taken(self, who: Acting) -> None:
        """Claimed and confirmed."""
        await who.click(self.ref, "Claim", self.channel)
        await self.world.case_when(self.ref, lambda c: c.assignee == who.who)
        await self._take(who, who, CONFIRM)
        await self.world.case_when(self.ref, lambda c: "confirm" in c.request(self.request).done)
        await self.hear()

    async def answered(self, who: Acting, letter: str, text: str) -> Case:
        """The requester answers the letter that holds these words."""
        ours = await who.mail(NORA, letter)
        to, before = dict(ours["headers"])["Reply-To"], ours["message_id"]
        mails = len((await self.case()).mails)
        answer = mail(f"Nora <{NORA}>", "Re", text, To=to, In_Reply_To=before)
        assert (await self.world.send(answer)).startswith("250")
        return await self.world.case_when(self.ref, lambda c: len(c.mails) > mails)

    async def ended(self, who: Acting, second: Acting, says: str) -> Case:
        """Its last steps, and the card of the closed case."""
        await self.to(who, second, until="close")
        await close(who, self.ref, self.channel)
        closed = await self.world.case_when(self.ref, lambda c: c.closed)
        await self.card_says(who, says)
        return closed

    async def bounced(self) -> None:
        """The newest letter comes back undelivered."""
        case = await self.case()
        letter, policy = case.letters[-1].id, self.world.app.desk.policy
        to = f"compliance+{self.store.keys.bounce_tag(letter)}@cafex.com"
        report = mail(
            "Mail Delivery System <mailer-daemon@example.org>",
            "Undelivered Mail Returned to Sender",
            "Your message could not be delivered.",
            To=to,
            References=letters.message_id(letter, policy),
        )
        assert (await self.world.send(report, mail_from="")).startswith("250")


def _whom(message) -> str:
    content = message.content
    return content.person if isinstance(content, DirectMessage) else MANAGERS_TOLD


def _heard(messages: list) -> list[str]:
    return [f"{m.created_at:%d %b %H:%M} {_whom(m)}: {m.content.text}" for m in messages]


@asynccontextmanager
async def a_journey(
    folder: Path, start: str, words: str, channel: str = STAFF, mail_from: str | None = None
):
    """A desk on that day in London, and the case a mail of these words opens."""
    world = World(folder / "data", start=london(start), people=PEOPLE)
    async with world.running():
        asked = mail(f"Nora <{NORA}>", "A request", words)
        assert (await world.send(asked, mail_from)).startswith("250")
        journey = Journey(world, await world.case_from(NORA), channel)
        journey.heard = set()
        yield journey
