"""What is not set up, and what that means for the people who work with the desk. Pure."""

from bot.settings import Settings
from bot.slack.options import Gap
from handlers.policy import Policy

#: the setting, and what its absence means
_MEANINGS = {
    "DESK_RELAY": "No mail server takes letters: they wait, confirmations of receipt too.",
    "DESK_SLACK_MANAGERS": (
        "The digest and alarms go to the staff channel, and nobody is asked above the assignee."
    ),
    "DESK_SLACK_RESTRICTED": (
        "Requests about children and other closed cases meet in the managers' channel; without "
        "that, the staff channel shows that something waits and nothing about it."
    ),
    "DESK_COUNSEL": "Nobody may act on a demand of an authority.",
    "DESK_COUNSEL (one person)": (
        "Whatever goes to an authority needs two persons: a manager looks at each of counsel's "
        "letters."
    ),
    "DESK_ALARM_MAIL": "When Slack is away, alarms reach nobody.",
    "[people] owners": (
        "Systems without an owner fall to whoever has the case: nobody is asked for them."
    ),
    "[people] backups": (
        "Reminders climb past the assignee to the managers alone, unless people name who stands "
        "in for them under My hours."
    ),
    "[people] safeguarding": "Where a child may be in danger the managers are told, nobody else.",
    "DESK_PILOT": "It is on: everything works and letters wait.",
}


def gaps(settings: Settings) -> tuple[Gap, ...]:
    """Each missing setting, in the order in which it matters."""
    owned = {**settings.owners, **{s.name: s.owner for s in settings.register if s.owner}}
    systems = {system.name for system in settings.register or Policy().register}
    missing = {
        "DESK_RELAY": settings.relay is None,
        "DESK_SLACK_MANAGERS": not settings.slack_managers,
        "DESK_SLACK_RESTRICTED": not settings.slack_restricted,
        "DESK_COUNSEL": not settings.counsel,
        "DESK_COUNSEL (one person)": len(settings.counsel) == 1,
        "DESK_ALARM_MAIL": not settings.alarm_mail,
        "[people] owners": not systems <= set(owned),
        "[people] backups": not settings.backups,
        "[people] safeguarding": not settings.people.get("safeguarding"),
        "DESK_PILOT": settings.pilot,
    }
    return tuple(Gap(name=name, means=_MEANINGS[name]) for name, is_so in missing.items() if is_so)
