"""Outgoing letters to the requester: templates by language, filled in, previewed, and kept.

The files are read in `templates.py`, filled in by `catalogue.py` with the values of `wording.py`;
`demands.py` says what the law wants to find in each; `telling.py` what no neutral one may say.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from handlers.policy import Policy

#: stands above each letter: what a reply has below it is ours, in any mail program
MARKER = "-- write above this line --"


def message_id(letter: str, policy: "Policy") -> str:
    """The Message-ID of a letter: always the same for one outbox message (RFC 5322 3.6.4)."""
    return f"<{letter}@{policy.address.rpartition('@')[2]}>"
