"""SPF, DKIM and DMARC for a desk that is itself the MX of its domain.

Blocking, and driven by whoever writes: `python -m intake.dmarc` is a process for it that may be
killed (`intake.lookup`). What the DNS does not answer for now is a temporary error and never a
pass; a mail without one clear From proves nothing.
"""

from typing import Any, Literal, NamedTuple

import dkim
import spf

from intake import fields, resolver
from intake.arc import vouched
from intake.authentication import Origin
from intake.parse import Answer, Job, main
from intake.prescan import prescan
from intake.resolver import Questions, Trouble
from intake.results import (
    DISOWNED,
    FALSE,
    NO_FROM,
    PROVEN,
    UNANSWERED,
    UNPROVEN,
    UNVOUCHED,
    UNWANTED,
    author_domain,
    domain_of,
    resting_on,
)
from storage.records import NOT_AUTHENTIC, ParsedMail, Record, Sender

#: signatures looked at: mailing lists and forwarders add theirs on top
SIGNATURES = 5
#: RFC 8301: SHA-1 proves nothing any more
_ALGORITHMS = {b"rsa-sha256", b"ed25519-sha256"}
Wish = Literal["none", "quarantine", "reject"]
_POLICIES: tuple[Wish, ...] = ("none", "quarantine", "reject")
#: labels the tree walk looks at, at most
_WALK = 8


class Policy(Record, frozen=True, kw_only=True):
    """What a domain wants done about mail that only claims to be its own."""

    domain: str  #: where the record stands
    wants: Wish
    strict_dkim: bool = False
    strict_spf: bool = False


class Proofs(NamedTuple):
    """What was found: results by name, and the domains that are proven."""

    spf: str
    spf_domain: str
    dkim: str
    dkim_domains: tuple[str, ...]
    unasked: tuple[str, ...]  #: domains of signatures whose key could not be had for now


def look(content: bytes, parsed: ParsedMail, origin: Origin) -> Sender:
    """Ask the DNS about one mail. May take `resolver.ALL` seconds."""
    questions = Questions(origin.trust.nameserver)
    spf_result, spf_domain = sent_from(origin, questions)
    proofs = Proofs(spf_result, spf_domain, *signed_by(content, questions))
    author = author_domain(content, parsed)
    if not author:
        told = _told(proofs, "none")
        return resting_on(NO_FROM, told)
    try:
        judgement = _judged(author, proofs, questions)
        if judgement.result not in NOT_AUTHENTIC:
            return judgement
        explained = vouched(content, parsed, origin.trust.sealers)
        if explained is None or not forwarded(content, origin.trust.sealers, questions):
            explained = judgement
    except Trouble:
        told = _told(proofs, "temperror")
        return resting_on(UNANSWERED, told)
    return explained


def _judged(author: str, proofs: Proofs, questions: Questions) -> Sender:
    """Raises Trouble."""
    policy = policy_of(author, questions)
    if policy is None:
        return _without_policy(proofs)

    def ours(signers: tuple[str, ...], spf_result: str) -> bool:
        """Is one of these the author's domain, or the envelope's, with that result?"""
        signed = any(_aligned(author, d, policy.strict_dkim, questions) for d in signers)
        return signed or (
            proofs.spf == spf_result
            and _aligned(author, proofs.spf_domain, policy.strict_spf, questions)
        )

    if ours(proofs.dkim_domains, "pass"):
        told = _told(proofs, "pass")
        return resting_on(PROVEN, told)
    # only what could have proven it leaves it open: else anybody's broken server would
    if ours(proofs.unasked, "temperror"):
        raise Trouble
    told = _told(proofs, f"fail, policy {policy.wants}")
    if policy.wants == "none":
        return resting_on(FALSE, told)
    return resting_on(UNWANTED, told)


def _without_policy(proofs: Proofs) -> Sender:
    told = _told(proofs, "none")
    if proofs.spf == "fail":
        return resting_on(DISOWNED, told)
    if proofs.spf == "softfail":
        return resting_on(UNVOUCHED, told)
    if "temperror" in {proofs.spf, proofs.dkim}:
        return resting_on(UNANSWERED, told)
    return resting_on(UNPROVEN, told)


def _told(proofs: Proofs, dmarc: str) -> str:
    return f"SPF {proofs.spf}, DKIM {proofs.dkim}, DMARC {dmarc}"


# --- SPF (RFC 7208) -------------------------------------------------------------------------


def sent_from(origin: Origin, questions: Questions) -> tuple[str, str]:
    """The result, and the domain it is about.

    A null sender is judged as postmaster at the name of HELO (RFC 7208 2.4, RFC 7489 3.1.2).
    """
    hello = domain_of(origin.hello)
    domain = domain_of(origin.mail_from) if origin.mail_from else hello
    if "." not in domain or domain.startswith("["):
        return "none", ""
    spf.DNSLookup = questions.for_spf
    local = origin.mail_from.rpartition("@")[0] or "postmaster"
    try:
        result, _ = spf.check2(
            origin.peer, f"{local}@{domain}", hello or domain, querytime=resolver.ALL
        )
    except Exception:  # noqa: BLE001  what a stranger's record does to the library proves nothing
        return "permerror", domain
    return str(result), domain


# --- DKIM (RFC 6376) ------------------------------------------------------------------------


def signed_by(content: bytes, questions: Questions) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """The result, the domains whose signatures hold, and those that could not be asked now."""
    try:
        mail = dkim.DKIM(content, minkey=1024)
        count = sum(name.lower() == b"dkim-signature" for name, _ in mail.headers)
    except Exception:  # noqa: BLE001  not a mail for this library
        return "none", (), ()
    domains, unasked = [], []
    for number in range(min(count, SIGNATURES)):
        questions.trouble = False
        try:
            if mail.verify(number, dnsfunc=questions.for_dkim) and _whole(mail):
                domains.append(domain_of(mail.domain.decode("ascii")))
        except Exception:  # noqa: BLE001, S110  a signature that cannot be read is none
            pass
        if questions.trouble and mail.domain:
            unasked.append(domain_of(mail.domain.decode("ascii", "replace")))
    holds = "pass" if domains else "temperror" if unasked else "fail" if count else "none"
    return holds, tuple(filter(None, domains)), tuple(filter(None, unasked))


def _whole(mail: Any) -> bool:
    """A signature over From and the whole body, by a hash that still counts."""
    tags = mail.signature_fields
    signed = {name.strip().lower() for name in tags[b"h"].split(b":")}
    return b"l" not in tags and b"from" in signed and tags[b"a"] in _ALGORITHMS


# --- ARC (RFC 8617) -------------------------------------------------------------------------


def forwarded(content: bytes, sealers: tuple[str, ...], questions: Questions) -> bool:
    """Does the chain of its forwarders hold? Raises Trouble, for those we trust alone."""
    unasked: list[str] = []

    def key(name: bytes, timeout: float = 0) -> bytes | None:
        try:
            return questions.for_dkim(name, timeout)
        except dkim.DnsTimeoutError:
            unasked.append(name.decode("ascii").partition("._domainkey.")[2].rstrip("."))
            raise

    try:
        result, _, _ = dkim.ARC(content, minkey=1024).verify(dnsfunc=key)
    except Exception:  # noqa: BLE001  a chain that cannot be read is none
        result = dkim.CV_Fail
    if result != dkim.CV_Pass and not set(sealers).isdisjoint(unasked):
        raise Trouble
    return bool(result == dkim.CV_Pass)


# --- DMARC (RFC 7489, with the tree walk of its revision instead of a list of public suffixes) --


def policy_of(author: str, questions: Questions) -> Policy | None:
    """What the author's domain wants; its organisation's wish for subdomains. Raises Trouble."""
    own = _record(author, questions)
    if own is not None:
        return _policy(author, own, "p")
    for domain in _above(author):
        tags = _record(domain, questions)
        if tags is not None and domain == organisation(author, questions):
            return _policy(domain, tags, "sp" if "sp" in tags else "p")
    return None


def organisation(domain: str, questions: Questions) -> str:
    """The organisational domain: of those on the way up the topmost with a record of its own."""
    best = domain
    for name in (domain, *_above(domain)):
        tags = _record(name, questions)
        if tags is None:
            continue
        if tags.get("psd") == "y":  # a public suffix: who registered below it is the organisation
            below = domain.removesuffix(f".{name}").rpartition(".")[2]
            return best if name == domain else f"{below}.{name}"
        best = name
        if tags.get("psd") == "n":
            break
    return best


def _above(domain: str) -> list[str]:
    """The names above it, down to the last label; of very long ones the top alone."""
    labels = domain.split(".")
    first = 1 if len(labels) <= _WALK else len(labels) - _WALK + 1
    return [".".join(labels[n:]) for n in range(first, len(labels))]


def _aligned(author: str, other: str, strict: bool, questions: Questions) -> bool:
    """Same domain, or same organisation. Raises Trouble."""
    if strict or other == author or not other:
        return other == author
    above = organisation(author, questions)
    if other != above and not other.endswith(f".{above}"):
        return False  # and a stranger's name server is not asked: it could leave everything open
    return organisation(other, questions) == above


def _record(domain: str, questions: Questions) -> dict[str, str] | None:
    """The tags of the one DMARC record at a name. Raises Trouble."""
    found = [tags for text in questions.texts(f"_dmarc.{domain}") if (tags := _tags(text))]
    return found[0] if len(found) == 1 else None


def _tags(text: bytes) -> dict[str, str]:
    pairs = [piece.partition("=") for piece in text[:2000].decode("ascii", "replace").split(";")]
    if pairs[0][0].strip() != "v" or pairs[0][2].strip() != "DMARC1":
        return {}
    return {key.strip().lower(): value.strip().lower() for key, _, value in pairs if key.strip()}


def _policy(domain: str, tags: dict[str, str], wish: str) -> Policy | None:
    """RFC 7489 6.6.3: a record without a policy is one that only wants reports, or none."""
    wants = next((policy for policy in _POLICIES if policy == tags.get(wish)), None)
    if wants is None and "rua" not in tags:
        return None
    wants = wants or "none"
    if tags.get("t") == "y":  # in test: one step milder
        wants = _POLICIES[max(0, _POLICIES.index(wants) - 1)]
    return Policy(
        domain=domain,
        wants=wants,
        strict_dkim=tags.get("adkim") == "s",
        strict_spf=tags.get("aspf") == "s",
    )


def answer(job: Job) -> Answer:
    """What the process does with one mail."""
    if job.origin is None:
        return Answer(parsed=ParsedMail())
    parsed = fields.read(prescan(job.content)[0]).mail()
    return Answer(parsed=ParsedMail(sender=look(job.content, parsed, job.origin)))


if __name__ == "__main__":
    main(answer)
