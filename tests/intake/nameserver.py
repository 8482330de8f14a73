"""A name server on loopback that answers from a table, over UDP and TCP, or fails as told."""

from collections.abc import Iterator
from contextlib import contextmanager

from dnslib import QTYPE, RCODE, RR, TXT, A, DNSRecord
from dnslib.server import BaseResolver, DNSServer

#: instead of records
SERVFAIL, SILENT = "servfail", "silent"


class Zone(BaseResolver):
    """Names in lower case to TXT strings and addresses, or to a failure; others do not exist."""

    def __init__(self) -> None:
        self.names: dict[str, list[str] | str] = {}
        self.asked: list[str] = []

    def resolve(self, request: DNSRecord, handler: object) -> DNSRecord:
        name = str(request.q.qname).rstrip(".").lower()
        kind = QTYPE[request.q.qtype]
        self.asked.append(f"{kind} {name}")
        found = self.names.get(name)
        reply = request.reply()
        if found == SERVFAIL:
            reply.header.rcode = RCODE.SERVFAIL
        elif found == SILENT:
            raise TimeoutError  # the server logs it and sends nothing
        elif found is None:
            reply.header.rcode = RCODE.NXDOMAIN
        else:
            for value in found:
                address = value.replace(".", "").isdigit()
                if kind == ("A" if address else "TXT"):
                    pieces = [value[n : n + 255] for n in range(0, len(value), 255)]
                    data = A(value) if address else TXT([piece.encode() for piece in pieces])
                    reply.add_answer(RR(name, request.q.qtype, rdata=data, ttl=60))
        return reply


class _Quiet:
    def __getattr__(self, name: str) -> object:
        return lambda *_: None


def _pair(zone: Zone) -> tuple[DNSServer, DNSServer]:
    """Over UDP and TCP on one port: what is free for one may be taken for the other."""
    while True:
        udp = DNSServer(zone, address="127.0.0.1", port=0, logger=_Quiet())
        port = udp.server.server_address[1]
        try:
            return udp, DNSServer(zone, address="127.0.0.1", port=port, tcp=True, logger=_Quiet())
        except OSError:
            udp.server.server_close()


@contextmanager
def nameserver() -> Iterator[tuple[Zone, tuple[str, int]]]:
    """The zone, and where it is asked."""
    zone = Zone()
    udp, tcp = _pair(zone)
    for server in (udp, tcp):
        server.start_thread()
    try:
        yield zone, ("127.0.0.1", udp.server.server_address[1])
    finally:
        for server in (udp, tcp):
            server.stop()
            server.server.server_close()
