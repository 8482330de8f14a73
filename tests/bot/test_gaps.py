"""What is not set up, for those who set things up."""

from bot.gaps import gaps
from bot.settings import Settings
from handlers.policy import Policy

SET: dict[str, object] = {
    "relay": object(),
    "slack_managers": "C02",
    "slack_restricted": "C03",
    "counsel": ("U01", "U02"),
    "alarm_mail": "alarm@example.org",
    "people": {
        "owners": {system.name: "U01" for system in Policy().register},
        "backups": {"U01": "U02"},
        "safeguarding": "U01",
    },
}


def missing(**said: object) -> set[str]:
    return {gap.name for gap in gaps(Settings(**(SET | said)))}


def test_what_is_set_is_no_gap_and_each_gap_says_what_it_means() -> None:
    assert missing() == set()
    assert all(gap.means for gap in gaps(Settings()))
    assert "DESK_PILOT" not in {gap.name for gap in gaps(Settings())}


def test_each_setting_is_looked_at() -> None:
    assert missing(relay=None) == {"DESK_RELAY"}
    assert missing(counsel=()) == {"DESK_COUNSEL"}
    assert missing(counsel=("U01",)) == {"DESK_COUNSEL (one person)"}
    assert missing(pilot=True) == {"DESK_PILOT"}
    assert missing(people={**SET["people"], "owners": {"accounts": "U01"}}) == {"[people] owners"}
