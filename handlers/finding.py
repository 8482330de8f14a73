"""Looking for cases by what somebody knows of them. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from storage.records import Case


class Wanted(NamedTuple):
    """A word to look for, and the keyed hash it has if it is an address."""

    word: str
    hash: str


def matches(case: Case, wanted: Sequence[Wanted]) -> bool:
    """Is each word in the case's reference, requester, subject or Message-IDs?"""
    places = (case.ref, case.requester, case.requester_name, case.subject, *case.message_ids)
    text = "\0".join(places).casefold()
    return all(each.hash == case.requester_hash or each.word in text for each in wanted)
