"""Services that write to companies for many people at once: authorised agents in bulk, as data.

Recognised by the domain they write from or by their own name in the text, so that their mails
can be grouped and the mandate be asked for once. A name alone proves no mandate.
"""
# ruff: noqa: E501  a regular expression is not wrapped

import re
from types import MappingProxyType

#: the service's name, and the domains it writes from
SERVICES = MappingProxyType(
    {
        "Cloaked": ("cloaked.com",),
        "DeleteMe": ("joindeleteme.com", "abine.com"),
        "Incogni": ("incogni.com",),
        "Kanary": ("kanary.com", "thekanary.com"),
        "Mine": ("saymine.com", "saymineapp.com", "mineos.ai"),
        "OneRep": ("onerep.com",),
        "Optery": ("optery.com",),
        "Permission Slip": ("permissionslipcr.com", "cr.consumer.org"),
        "Privacy Bee": ("privacybee.com",),
        "PrivacyHawk": ("privacyhawk.com",),
        "Rightly": ("rightly.co.uk",),
        "Yorba": ("yorba.co",),
    }
)
_BY_DOMAIN = {domain: name for name, domains in SERVICES.items() for domain in domains}
#: names that are no everyday word count wherever they stand; the others only beside what they do
_NAMED = re.compile(
    r"\b(?P<sure>incogni|deleteme|optery|onerep|privacy ?hawk|privacy ?bee|permission slip)\b"
    r"|\b(?P<word>mine|rightly|cloaked|kanary|yorba)\b(?= (?:app|service|users?|privacy|inc|ltd|technologies|platform)\b)"
)
#: one of these stands in every name
_PARTS = ("incogni", "deleteme", "optery", "onerep", "privacy", "permission", "mine", "rightly",
          "cloaked", "kanary", "yorba")  # fmt: skip
_BY_NAME = {name.lower().replace(" ", ""): name for name in SERVICES}


def service(text: str, header_from: str) -> str:
    """The service's name; "" = none is known by the text (lower case) or the sender's domain."""
    domain = header_from.lower().rpartition("@")[2]
    while "." in domain:
        if domain in _BY_DOMAIN:
            return _BY_DOMAIN[domain]
        domain = domain.partition(".")[2]
    if any(part in text for part in _PARTS) and (found := _NAMED.search(text)):
        return _BY_NAME[found.group().replace(" ", "")]
    return ""
