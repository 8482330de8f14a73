"""Who a letter may go to, and which answer has drifted from who asked. Pure.

A Reply-To is never among them: it is shown as a warning, and nothing goes there.
"""

from handlers.letters.templates import Template
from storage.records import Case

ASKED = "asked us from here"
PROVEN = "on file, and proven by a code"
JOINED = "another address, not proven"


def known(case: Case) -> dict[str, str]:
    """The addresses of a case, and how each came to it; who asked first."""
    found = {case.requester: ASKED} if case.requester else {}
    if case.proven:
        found.setdefault(case.proven, PROVEN)
    for each in case.joined:
        if each.address:
            found.setdefault(each.address, JOINED)
    return found


def usual(case: Case, template: Template) -> str:
    """Where a letter goes when nobody chose: what may show data, to the proven address."""
    return case.requester if template.neutral else case.proven or case.requester


def drifted(case: Case, template: Template, to: str) -> bool:
    """Does it go elsewhere than it may? What may show data, to who is proven, where anybody is; an
    answer that shows none, to who asked as well."""
    if not template.neutral:
        return to != (case.proven or case.requester)
    return template.answers and to not in {case.requester, case.proven}


def withdraws(case: Case) -> bool:
    """May the last mail take the request back: from the address that asked, or the proven one?"""
    ours = {case.proven, case.requester}
    strangers = {each.mail for each in case.joined if each.address not in ours}
    return not case.mails or case.mails[-1] not in strangers
