"""Letters: what each must hold in every language, and that nothing gets into a header."""

import re
from pathlib import Path

import msgspec
import pytest

from handlers import lawful, registry
from handlers.company import Promise
from handlers.deadlines import places
from handlers.letters import authorities, catalogue, demands, templates
from handlers.letters.catalogue import Catalogue, long_date, one_line
from handlers.letters.demands import RECEIVED, Specimen, lacking, matter
from handlers.letters.markup import html_of
from handlers.letters.wording import Matter, write
from handlers.policy import Policy
from storage.records import Candidate

KINDS = registry.load().kinds
LAWS = demands.LAWS
LANGUAGES = templates.LANGUAGES


def about(regime: str = "eu_gdpr", kind: str = "access", **said: object) -> Matter:
    return matter(Specimen(regime=regime, kind=kind), KINDS, Policy(**said))


def spoken(found: Matter, language: str) -> Matter:
    case = msgspec.structs.replace(found.case, language=language)
    return msgspec.structs.replace(found, case=case)


def policy_with(tmp_path: Path, **files: str) -> Policy:
    for place, text in files.items():
        language, _, name = place.partition("__")
        file = tmp_path / language / f"{name.replace('__', '/')}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return Policy(letters=Catalogue(own=catalogue.read(tmp_path)))


def faults(policy: Policy) -> list[str]:
    return list(demands.faults(policy.letters, KINDS, policy))


# --- what the law demands -------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", templates.names())
def test_each_letter_holds_what_each_law_demands(name: str, language: str) -> None:
    kind = "complaint" if name == "answer_complaint" else "access"
    lacks = {(law, each.what) for law in LAWS for each in lacking(name, language, about(law, kind))}
    assert lacks == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_reason_cites_the_article_of_a_law_that_may_not_apply(language: str) -> None:
    for name, told in templates.words(language)["reasons"].items():
        assert not re.search(r"\bart|GDPR|DSGVO|RGPD|AVG|RODO", told, re.IGNORECASE), name


#: what one law alone asks for, of which letter, to a request of which kind
CLAUSES = (
    ("ccpa", "acknowledgement", "access", "11 CCR 7021(a)"),
    ("ccpa", "answer_access", "access", "11 CCR 7024(d)"),
    ("ccpa", "unverified", "access", "11 CCR 7024(b)"),
    ("ccpa", "refusal_neutral", "access", "11 CCR 7024(b)"),
    ("ccpa", "answer_deletion", "deletion", "11 CCR 7022"),
    ("ccpa", "refusal", "deletion", "11 CCR 7022"),
    ("ccpa", "partial", "deletion", "11 CCR 7022"),
    ("ccpa", "answer_correction", "correction", "11 CCR 7023"),
    ("ccpa", "refusal", "correction", "11 CCR 7023"),
    ("ccpa", "partial", "correction", "11 CCR 7023"),
    ("ccpa", "unsubscribed", "unsubscribe", "11 CCR 7026(f)"),
    ("ccpa", "refusal", "access", "1798.125"),
    ("coppa", "answer_child", "child_data", "16 CFR 312.6"),
    ("us_co", "refusal", "access", "naag.org"),
    ("us_co", "extension", "access", "naag.org"),
    ("us_co", "answer_complaint", "complaint", "naag.org"),
    ("ca_pipeda", "extension", "access", "priv.gc.ca"),
    ("ca_pipeda", "refusal", "access", "priv.gc.ca"),
    ("ca_quebec", "refusal", "access", "cai.gouv.qc.ca"),
    ("br_lgpd", "answer_access", "access", "LGPD Art. 19 II"),
    ("br_lgpd", "refusal", "access", "gov.br/anpd"),
    ("ch_fadp", "answer_access", "access", "edoeb.admin.ch"),
    ("uk_gdpr", "answer_access", "access", "164A"),
    ("uk_gdpr", "late", "access", "164A"),
    ("uk_gdpr", "correcting", "access", "164A"),
    ("eu_gdpr", "extension", "access", "edpb.europa.eu"),
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("law", "name", "kind", "cited"), CLAUSES)
def test_what_one_law_asks_of_a_letter_stands_there_under_that_law(
    law: str, name: str, kind: str, cited: str, language: str
) -> None:
    assert cited in write(name, about(law, kind), language).body
    other = "uk_gdpr" if law == "eu_gdpr" else "eu_gdpr"
    assert cited not in write(name, about(other, kind), language).body


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("law", "name", "kind", "cited"), CLAUSES)
def test_and_stands_there_too_whichever_law_s_clock_ends_first(
    law: str, name: str, kind: str, cited: str, language: str
) -> None:
    found = with_laws(about("uk_gdpr", kind), "uk_gdpr", law)
    assert cited in write(name, found, language).body


def with_laws(found: Matter, *regimes: str) -> Matter:
    laws = tuple(Candidate(regime=each) for each in regimes)
    request = msgspec.structs.replace(found.case.requests[0], regimes=laws)
    case = msgspec.structs.replace(found.case, requests=(request,))
    return msgspec.structs.replace(found, case=case)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["refusal", "refusal_neutral", "partial"])
def test_in_quebec_a_refusal_leaves_a_gap_for_the_provision(name: str, language: str) -> None:
    gaps = [write(name, about(law), language).words.count("[[") for law in ("eu_gdpr", "ca_quebec")]
    assert gaps[1] == gaps[0] + 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["refusal", "partial"])
def test_who_is_refused_a_correction_may_send_a_statement(name: str, language: str) -> None:
    """GDPR Art. 16, 11 CCR 7023(f): the same sentence as where it was done."""
    done = write("answer_correction", about("eu_gdpr", "correction"), language).after
    statement = done.split("\n\n")[0]
    assert statement in write(name, about("eu_gdpr", "correction"), language).after
    assert statement not in write(name, about("eu_gdpr", "deletion"), language).after


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_appeal_s_answer_offers_no_second_appeal(language: str) -> None:
    refused = write("refusal", about("us_co"), language).body
    decided = write("answer_complaint", about("us_co", "complaint"), language).body
    assert re.search(r"\b45\b", refused)
    assert not re.search(r"\b45\b", decided)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("law", ["us_va", "us_co", "us_ct", "us_tx", "us_ut", "us_fl", "us_ia"])
def test_each_state_s_refusal_holds_what_the_state_demands(law: str, language: str) -> None:
    assert list(lacking("refusal", language, about(law))) == []


EFFECTS = ("restart", "pause", "goes_on")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["identity", "clarification", "code_sent"])
def test_what_asks_something_tells_what_becomes_of_the_time(name: str, language: str) -> None:
    told = templates.words(language)["clock"]
    anew = "pause" if name == "clarification" else "restart"
    for law, effect in (("uk_gdpr", anew), ("eu_gdpr", "pause"), ("ccpa", "goes_on")):
        body = write(name, about(law), language).body
        assert told[effect][1:] in body
        assert not any(told[other][1:] in body for other in {*EFFECTS} - {effect})


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_fee_tells_that_in_the_uk_the_time_begins_with_its_payment(language: str) -> None:
    told = templates.words(language)["clock"]
    kingdom = write("fee", about("uk_gdpr"), language).body
    assert f"{told['paid'][1:]} (UK GDPR Art. 12A(2))." in kingdom
    union = write("fee", about("eu_gdpr"), language).body
    assert told["goes_on"][1:] in union
    assert told["paid"][1:] not in union


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_the_laws_differ_each_is_named_with_what_it_does(language: str) -> None:
    found = with_laws(about("uk_gdpr"), "uk_gdpr", "eu_gdpr", "ccpa")
    lines = write("identity", found, language).after.splitlines()
    told = templates.words(language)["clock"]
    assert lines[:3] == [
        f"{told['uk_gdpr']}: {told['restart']} (UK GDPR Art. 12A(2)).",
        f"{told['eu_gdpr']}: {told['pause']}.",
        f"{told['elsewhere']}: {told['goes_on']}.",
    ]


def test_a_request_whose_clock_no_question_stops_is_not_told_that_it_does() -> None:
    body = write("clarification", with_right(about("uk_gdpr"), "GDPR 20")).body
    assert "goes on meanwhile" in body


# --- staff's own words --------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", templates.names())
def test_what_every_letter_must_hold_stands_outside_staff_s_words(name: str, language: str) -> None:
    """Whatever they write, the demands are met: nothing that the law wants can be taken out."""
    for law in LAWS:
        found = about(law, "complaint" if name == "answer_complaint" else "access")
        values = demands.values_of(name, found, language, **demands.GIVEN)
        whole = found.policy.letters.render(name, language, values)
        told = f"{whole.subject}\n{whole.saying('No.')}"
        assert list(demands.unmet(name, told, values)) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", templates.names())
def test_the_headings_that_staff_fill_are_those_of_the_english(name: str, language: str) -> None:
    for law in ("eu_gdpr", "ca_quebec", "br_lgpd", "ccpa"):
        ours, english = (
            len(lawful.HEADING.findall(write(name, about(law), each).words))
            for each in (language, "en")
        )
        assert ours == english


def test_a_skeleton_without_the_letter_stops_the_start(tmp_path: Path) -> None:
    policy = policy_with(tmp_path, en__skeleton="{{ company }}\n{{ postal }}")
    assert any("has no {{ body }}" in fault for fault in faults(policy))


def test_a_refusal_names_other_ways_in_the_union_and_in_the_united_kingdom() -> None:
    union = write("refusal", about("eu_gdpr"), reason="accurate").body
    kingdom = write("refusal", about("uk_gdpr"), reason="accurate").body
    assert "Art. 77" in union
    assert "164A" not in union
    assert "ico.org.uk" not in union
    assert "164A" in kingdom
    assert "edpb" not in kingdom


def in_(country: str) -> Matter:
    return matter(Specimen(regime="eu_gdpr", place=country), KINDS, Policy())


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_lives_in_the_union_is_told_their_own_authority(language: str) -> None:
    body = write("refusal", in_("FR"), language, reason="accurate").body
    assert "(CNIL), https://www.cnil.fr" in body
    nowhere = write("refusal", in_(""), language, reason="accurate").body
    assert "edpb.europa.eu/about-edpb/about-edpb/members_en)" in nowhere


def test_every_state_where_the_gdpr_holds_has_an_authority() -> None:
    assert authorities.sites().keys() == places.MEMBERS.keys()
    assert all(site.startswith("https://") for _, site in authorities.sites().values())
    assert authorities.own((Candidate(regime="uk_gdpr", place="IE"),), "en") == ""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("kind", "answer", "right", "shared"),
    [
        ("access", "answer_access", "GDPR 15", 8),
        ("access", "answer_access", "GDPR 20", 0),
        ("deletion", "answer_deletion", "GDPR 17", 1),
        ("correction", "answer_correction", "GDPR 16", 1),
    ],
)
def test_what_is_done_in_part_says_what_the_whole_would_say(
    language: str, kind: str, answer: str, right: str, shared: int
) -> None:
    found = with_right(about("eu_gdpr", kind), right)
    headings = lawful.HEADING.findall(write("partial", found, language).words)
    assert len(headings) == 3 + shared
    assert {*headings[3:]} <= {*lawful.HEADING.findall(write(answer, found, language).words)}


def with_right(found: Matter, right: str) -> Matter:
    (request,) = found.case.requests
    request = msgspec.structs.replace(request, right=right)
    case = msgspec.structs.replace(found.case, requests=(request,))
    return msgspec.structs.replace(found, case=case)


def test_where_two_laws_may_bind_both_ways_are_told() -> None:
    found = about("uk_gdpr")
    policy = found.policy
    values = {**demands.values_of("refusal", found, "en"), "regimes": ("uk_gdpr", "eu_gdpr")}
    body = policy.letters.render("no_data", "en", values).body
    assert "Art. 77" in body
    assert "164A" in body


def test_an_outcome_of_a_complaint_sends_nobody_back_to_us() -> None:
    body = write("answer_complaint", about("uk_gdpr", "complaint")).body
    assert "164A" not in body
    assert "165" in body


@pytest.mark.parametrize("name", ["plain", "correcting", "late", "answer_legal"])
def test_an_authority_is_not_told_where_to_complain(name: str) -> None:
    found = about("policy", "legal_demand")
    assert "edpb" not in write(name, found).body
    assert list(lacking(name, "en", found)) == []


def test_a_demand_that_is_not_met_is_found(tmp_path: Path) -> None:
    head = "title: Refusal\nsubject: Your request {{ ref }}\n\n"
    policy = policy_with(tmp_path, en__refusal=f"{head}No. {{{{ received }}}} {{{{ due }}}}")
    assert any("lacks the reason (GDPR Art. 12(4)" in fault for fault in faults(policy))


@pytest.mark.parametrize("name", [n for n in templates.names() if templates.template(n).neutral])
def test_a_neutral_letter_reads_the_same_whether_we_hold_data_or_not(name: str) -> None:
    for law in LAWS:
        body = write(name, about(law), reason="unfounded").body
        told = re.sub(r"\[\[.*?\]\]", "", body).lower()
        for phrase in ("we hold data", "we found", "your account", "about you ", "your data are"):
            assert phrase not in told.replace("whether we hold data", "")


# --- languages ------------------------------------------------------------------------------


def test_a_letter_is_in_the_requesters_language_and_in_english_where_there_is_none() -> None:
    assert write("progress", spoken(about(), "de")).language == "de"
    assert write("progress", spoken(about(), "sv")).language == "en"
    assert write("progress", spoken(about(), "de"), "fr").language == "fr"


def test_what_nobody_has_reviewed_never_goes_by_itself() -> None:
    assert Catalogue().language_for("de", automatic=True) == "en"
    assert Catalogue(reviewers={"de": "A. Weber"}).language_for("de", automatic=True) == "de"
    assert "not reviewed" in Catalogue().warning("refusal", "de")
    assert not Catalogue(reviewers={"de": "A. Weber"}).warning("refusal", "de")


def test_a_translation_older_than_its_english_is_marked(tmp_path: Path) -> None:
    policy = policy_with(
        tmp_path, en__progress="title: x\nsubject: {{ ref }}\n\nNew words. {{ ref }}\n"
    )
    assert "older than its English" in policy.letters.warning("progress", "de")


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_each_translation_was_made_from_the_english_of_today(language: str) -> None:
    old = [name for name in templates.names() if Catalogue().outdated(name, language)]
    assert old == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_is_whole(language: str) -> None:
    assert set(templates.built_in(language)) == set(templates.built_in("en"))
    words = templates.words(language)
    assert set(words["kinds"]) >= set(KINDS)
    refusals = {reason for kind in KINDS.values() for reason in kind.refusals}
    assert set(words["reasons"]) == refusals


def test_dates_are_written_as_people_of_the_language_do() -> None:
    day = RECEIVED.date()
    assert long_date(day, "en") == "19 July 2031"
    assert long_date(day, "de") == "19. Juli 2031"
    assert long_date(day, "fr") == "19 juillet 2031"
    assert long_date(day.replace(day=1), "fr") == "1er juillet 2031"
    assert "Il giorno 19 luglio" in write("late", about(), "it").body, (
        "l'8, il 9: one word fits all"
    )


# --- the operator's own wording -------------------------------------------------------------


def test_the_operators_wording_takes_the_place_of_ours(tmp_path: Path) -> None:
    text = "title: Still at work\nsubject: {{ ref }}\n\nPatience, {{ ref }} [[ more ]]\n"
    policy = policy_with(tmp_path, en__progress=text)
    assert "Patience, PR-2031-0042" in write("progress", matter_of(policy)).body
    assert faults(policy) == []


def matter_of(policy: Policy) -> Matter:
    return matter(Specimen(regime="eu_gdpr"), KINDS, policy)


@pytest.mark.parametrize(
    ("place", "text", "fault"),
    [
        ("en__hello", "title: x\nsubject: y\n\nz", "there is no letter of that name"),
        ("sv__progress", "title: x\nsubject: y\n\nz", "the desk writes en, de"),
        ("en__progress", "no front matter", "needs a subject"),
        ("en__progress", "title: x\nsubject: y\n\n{{ nothing }}", "'nothing' is undefined"),
        ("en__progress", "title: x\nsubject: y\n\n{% if %}", "cannot be used"),
        ("en__progress", "title: x\nsubject: y\n\n{{ ''.__class__.mro() }}", "cannot be used"),
        ("en__blocks__eu_gdpr", "edpb.europa.eu, 77, 79", "lacks the requester's own authority"),
        ("en__blocks__uk_gdpr", "Go away.", "lacks the Commissioner (DPA 2018 s.165"),
        ("en__progress", "title: x\nsubject: [[ y ]]\n\n{{ ref }}", "lacks a gap only where staff"),
        ("en__skeleton", "[[ Dear ]]\n{{ body }}{{ rights }}", "lacks a gap only where staff"),
    ],
)
def test_wording_that_would_fail_later_stops_the_start(
    tmp_path: Path, place: str, text: str, fault: str
) -> None:
    assert any(fault in found for found in faults(policy_with(tmp_path, **{place: text})))


def test_an_operators_file_changes_no_rule(tmp_path: Path) -> None:
    text = "title: x\nsubject: {{ ref }}\nneutral: yes\n\nAll your data. {{ ref }}"
    policy_with(tmp_path, en__answer_access=text)
    assert not templates.template("answer_access").neutral


def test_the_policy_a_case_met_is_the_one_its_letters_name() -> None:
    old = Policy().promises[0]
    new = Promise(since=RECEIVED.date(), version="July 2031", dispute_body="jamsadr.com")
    promises = (old, new)
    body = write("answer_complaint", about(kind="complaint", promises=promises)).body
    assert "July 2031" in body
    assert Policy(promises=promises).promised(old.since) is old


# --- hostile values -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line", ["a\r\nBcc: x@example.net", "a\nb", "a\x0bb", "a\u2028b", "a\x00b"]
)
def test_a_subject_is_one_line(line: str) -> None:
    assert one_line(line) in {"a Bcc: x@example.net", "a b"}
    assert "\n" not in write("progress", about(company=line)).subject


def test_html_says_what_the_text_says_and_nothing_is_live_in_it() -> None:
    page = html_of("Hello <b>,\n\nsee https://ico.org.uk/make-a-complaint; and\nbye & go", "en")
    assert '<a href="https://ico.org.uk/make-a-complaint">' in page
    assert "&lt;b&gt;" in page
    assert "and<br>\nbye &amp; go" in page


def test_where_periods_differ_each_is_told_with_what_it_is_for() -> None:
    found = about("eu_gdpr")
    access = found.case.requests[0]
    asked = msgspec.structs.replace(access, id=2, kind="question")
    case = msgspec.structs.replace(found.case, requests=(access, asked))
    body = write("acknowledgement", msgspec.structs.replace(found, case=case)).body
    told = "within one month (an access request), within 45 days (a question)"
    assert told in body


def test_what_nobody_has_sorted_is_promised_no_longer_than_a_right() -> None:
    found = about("uk_gdpr")
    case = msgspec.structs.replace(found.case, triage=True)
    unsorted = write("acknowledgement", msgspec.structs.replace(found, case=case))
    assert "within one month" in unsorted.body
