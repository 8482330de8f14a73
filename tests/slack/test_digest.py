"""The day in one line, figures, and the most urgent cases."""

import json
from datetime import date

import msgspec

from bot.slack.digest import message
from storage.records import Digest, DigestLine

FIGURES = {
    "day": date(2026, 12, 1), "overdue": 2, "due_soon": 3, "not_taken": 4, "waiting": 1,
    "triage": 1, "open": 19, "opened": 5, "closed": 6, "ignored": 7, "dead": 1,
}  # fmt: skip


def line(n: int) -> DigestLine:
    return DigestLine(
        ref=f"PR-2026-{n:04}",
        title="Access request",
        due_on=date(2026, 12, 3),
        days_left=n - 2,
        assignee="U01ANA" if n % 2 else None,
        version=1,
    )


def test_the_first_line_says_all(message_faults):
    made = message(Digest(**FIGURES, urgent=tuple(line(n) for n in range(15))))
    assert message_faults(made) == []
    first = "2 overdue, 3 due within 7 days, 4 not taken, 1 to sort"
    assert first in made["text"]
    assert first in made["blocks"][1]["text"]["text"]
    assert "Tuesday 1 Dec 2026" in made["blocks"][0]["text"]["text"]
    opens = [b["accessory"]["text"]["text"] for b in made["blocks"] if "accessory" in b]
    assert opens == ["Open"] * 10


def test_a_paused_case_is_told_with_its_age_and_is_late_for_nobody(message_faults):
    paused = msgspec.structs.replace(line(1), standing=12)
    made = message(Digest(**FIGURES, urgent=(paused,)))
    assert message_faults(made) == []
    told = json.dumps(made, ensure_ascii=False)
    assert "paused for 12 days" in told
    assert ":red_circle:" not in told


def test_what_was_confirmed_without_a_person_can_be_opened_one_by_one(message_faults):
    made = message(Digest(**FIGURES, urgent=(line(1),), stopped=(line(2), line(3))))
    assert message_faults(made) == []
    told = json.dumps(made)
    assert "2 unsubscribes confirmed without a person" in told
    opens = [b for b in made["blocks"] if b.get("accessory", {}).get("text", {}).get("text")]
    assert ["PR-2026-0002" in str(b) or "PR-2026-0003" in str(b) for b in opens].count(True) == 2


def test_it_goes_out_when_all_is_well_too(message_faults):
    calm = dict.fromkeys(FIGURES, 0) | {"day": date(2026, 12, 1)}
    made = message(Digest(**calm, urgent=()))
    assert message_faults(made) == []
    assert "All is well" in made["text"]


def test_a_mail_the_desk_could_not_work_on_is_in_the_first_line(message_faults):
    calm = dict.fromkeys(FIGURES, 0) | {"day": date(2026, 12, 1)}
    made = message(Digest(**calm, failed=1, urgent=()))
    assert message_faults(made) == []
    assert "1 mail could not be worked on" in made["text"]
