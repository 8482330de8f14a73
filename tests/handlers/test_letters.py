"""Letters: what each must hold in every language, and that nothing gets into a header."""

import re
from pathlib import Path

import msgspec
import pytest

from handlers import registry
from handlers.company import Promise
from handlers.letters import catalogue, demands, templates
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


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["answer_access", "answer_correction", "unverified"])
def test_california_s_part_stands_whichever_law_s_clock_ends_first(name: str, language: str):
    def lines(*regimes: str) -> int:
        found = about("eu_gdpr")
        laws = tuple(Candidate(regime=each) for each in regimes)
        request = msgspec.structs.replace(found.case.requests[0], regimes=laws)
        case = msgspec.structs.replace(found.case, requests=(request,))
        whole = write(name, msgspec.structs.replace(found, case=case), language).body
        return len(whole.splitlines())

    assert lines("eu_gdpr", "ccpa") > lines("eu_gdpr", "uk_gdpr")


def test_a_refusal_names_other_ways_in_the_union_and_in_the_united_kingdom() -> None:
    union = write("refusal", about("eu_gdpr"), reason="accurate").body
    kingdom = write("refusal", about("uk_gdpr"), reason="accurate").body
    assert "Art. 77" in union
    assert "164A" not in union
    assert "ico.org.uk" not in union
    assert "164A" in kingdom
    assert "edpb" not in kingdom


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
        ("en__blocks__uk_gdpr", "Go away.", "lacks the Commissioner (DPA 2018 s.165"),
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
