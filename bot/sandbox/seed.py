"""The people and channels a new sandbox starts with. All invented."""

import msgspec

TEAM = "T01SANDBOX"
TEAM_DOMAIN = "sandbox"
APP = "A00DESK"
BOT = "B00DESK"
BOT_USER = "U00DESK"
COMMAND = "/privacy"
BOT_SCOPES = (
    "chat:write",
    "commands",
    "groups:read",
    "groups:history",
    "users:read",
    "im:write",
    "usergroups:read",
)
#: what stands in the menu of every message: callback id, words (the manifest's `shortcuts`)
SHORTCUTS = (("make_request", "Make this a privacy request"),)
STAFF, MANAGERS, RESTRICTED = "C01STAFF", "C02MANAGERS", "C03RESTRICTED"
ANA = "U01ANA"
COUNSEL = "U03MARA"


class User(msgspec.Struct, frozen=True, kw_only=True):
    """One person, or the app's bot. `role` is staff, manager, outsider or bot.

    `team` of another workspace: somebody who is here by a shared channel.
    """

    id: str
    name: str
    real_name: str
    title: str
    role: str
    tz: str = "Europe/London"
    team: str = TEAM
    is_guest: bool = False
    is_deleted: bool = False

    @property
    def is_bot(self) -> bool:
        """Whether this is the app itself."""
        return self.role == "bot"


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """A channel or, with `user` set, that person's direct messages with the bot."""

    id: str
    name: str
    members: tuple[str, ...]
    is_private: bool = True
    is_im: bool = False
    is_ext_shared: bool = False
    is_pending_ext_shared: bool = False
    is_archived: bool = False
    user: str | None = None


PEOPLE = (
    User(id=BOT_USER, name="privacy_desk", real_name="Privacy desk", title="App", role="bot"),
    User(id=ANA, name="ana", real_name="Ana Lima", title="Privacy officer", role="staff"),
    User(id="U02BEN", name="ben", real_name="Ben Okafor", title="Support lead", role="staff"),
    User(
        id=COUNSEL,
        name="mara",
        real_name="Mara Lindqvist",
        title="Head of privacy, counsel",
        role="manager",
    ),
    User(id="U04OLE", name="ole", real_name="Ole Brandt", title="Sales", role="outsider"),
)

CHANNELS = (
    Channel(id=STAFF, name="privacy-requests", members=(ANA, "U02BEN", COUNSEL, BOT_USER)),
    Channel(id=MANAGERS, name="privacy-managers", members=(COUNSEL, BOT_USER)),
    Channel(id=RESTRICTED, name="privacy-restricted", members=(COUNSEL, ANA, BOT_USER)),
    # every member has the app's messages tab, so its direct messages are there from the start
    *(
        Channel(
            id=f"D{user.id[1:]}", name="", members=(user.id, BOT_USER), is_im=True, user=user.id
        )
        for user in PEOPLE
        if not user.is_bot
    ),
)

# invented requesters the page offers as writers: (address, name)
REQUESTERS = (
    ("nora@example.org", "Nora Example"),
    ("luc@example.net", "Luc Martin"),
    ("iris@example.com", "Iris Sample"),
)
# whose mailbox appears with their first letter: the writers of the demo's sample mails
WRITERS = (
    ("priya@example.com", "Priya Sample"),
    ("tom@example.org", "Tom Invented"),
    ("ingrid@example.net", "Ingrid Muster"),
    ("gareth@example.com", "Gareth Placeholder"),
    ("clerk@court.example", "Clerk of the Court"),
    ("joana@example.org", "Joana Ficticia"),
    ("karl@example.net", "Karl Beispiel"),
    ("sam@example.com", "S."),
)
