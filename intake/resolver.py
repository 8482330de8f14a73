"""The DNS, asked about one mail within limits of time and number.

Each answer has a time limit, and all of them together another. What the DNS does not answer for now
is trouble, never an answer.
"""

import time
from collections.abc import Callable
from typing import Any

import dkim
import dns.exception
import dns.name
import dns.resolver
import spf

#: seconds for one question and for all of one mail; questions of one mail
ONE, ALL, QUESTIONS = 2.0, 5.0, 60


class Trouble(Exception):
    """The DNS gives no answer for now."""


class Questions:
    """The DNS, asked within limits. `trouble`: at least one question has no answer for now."""

    def __init__(self, nameserver: tuple[str, int] | None = None) -> None:
        self._resolver = dns.resolver.Resolver(configure=nameserver is None)
        if nameserver is not None:
            self._resolver.nameservers, self._resolver.port = [nameserver[0]], nameserver[1]
        self._known: dict[tuple[str, str], list[Any]] = {}
        self._until = time.monotonic() + ALL
        self._left = QUESTIONS
        self.trouble = False

    def ask(self, name: str, kind: str) -> list[Any]:
        """The records; none for a name that has none. Raises Trouble."""
        if (name, kind) not in self._known:
            self._known[name, kind] = self._asked(name, kind)
        return self._known[name, kind]

    def _asked(self, name: str, kind: str) -> list[Any]:
        left = min(ONE, self._until - time.monotonic())
        self._left -= 1
        if left <= 0 or self._left < 0:
            self.trouble = True
            raise Trouble
        try:
            return list(self._resolver.resolve(name, kind, search=False, lifetime=left))
        except (dns.resolver.NoAnswer, dns.resolver.NXDOMAIN):
            return []
        except (dns.name.NameTooLong, dns.name.LabelTooLong, dns.name.EmptyLabel):
            return []
        except (dns.exception.DNSException, OSError, UnicodeError) as fault:
            self.trouble = True
            raise Trouble from fault

    def texts(self, name: str) -> list[bytes]:
        """TXT records, each in one piece. Raises Trouble."""
        return [b"".join(record.strings) for record in self.ask(name, "TXT")]

    def for_spf(self, name: str, kind: str, _strict: Any, _seconds: Any) -> list[Any]:
        """As pyspf asks for it."""
        try:
            found = self.ask(name, kind)
        except Trouble:
            raise spf.TempError("no answer") from None
        return [((name, kind), _AS_SPF[kind](record)) for record in found if kind in _AS_SPF]

    def for_dkim(self, name: bytes, timeout: float = 0) -> bytes | None:
        """As dkimpy asks for it."""
        try:
            return next(iter(self.texts(name.decode("ascii"))), None)
        except UnicodeDecodeError:
            return None
        except Trouble as fault:
            raise dkim.DnsTimeoutError("no answer") from fault


_AS_SPF: dict[str, Callable[[Any], Any]] = {
    "A": lambda record: record.address,
    "AAAA": lambda record: record.address,
    "MX": lambda record: (record.preference, record.exchange.to_text(omit_final_dot=True)),
    "PTR": lambda record: record.target.to_text(omit_final_dot=True),
    "TXT": lambda record: record.strings,
}
