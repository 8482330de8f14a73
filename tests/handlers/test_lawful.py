"""Letters as they go out: what the law wants stays in them, whatever staff write."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from handlers import lawful
from handlers.handler import Answer, Done, Faults, Review
from handlers.letters import telling
from handlers.requests import replace
from storage.errors import Refused
from storage.records import Candidate, Case, LetterState, OutboxStatus
from tests.handlers.desks import ANA, MAY, NOW, Bench, a_bench

UK, EU = Candidate(regime="uk_gdpr"), Candidate(regime="eu_gdpr")
CALIFORNIA = Candidate(regime="ccpa")


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with a_bench(tmp_path) as made:
        yield made


async def unsettled(bench: Bench, kind: str = "access", *laws: Candidate, **said: object) -> Case:
    """Confirmed, and nobody knows who asks."""
    case = await bench.case(kind, laws=laws or (UK,), **said)
    await bench.click(case, "claim")
    await bench.click(await bench.fresh(case), "confirm", value=kind)
    return await bench.fresh(case)


async def reviewed(bench: Bench, case: Case, action: str, **form: str) -> Review:
    answer = await bench.click(case, action, request=1, form=form)
    assert isinstance(answer, Review), answer
    return answer


async def sent(bench: Bench, review: Review, **ticked: str) -> Answer:
    case = await bench.fresh(review.case)
    return await bench.click(case, "send", value=review.letter, form=ticked)


def asked(review: Review) -> list[str]:
    return [field.name for field in review.ticks]


# --- what nobody can take out -------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "it", "nl", "pt", "pl"])
async def test_a_refusal_that_says_only_no_does_not_go(bench: Bench, language: str) -> None:
    case = await bench.ready("deletion", laws=(UK,), language=language)
    said = {"outcome": "refused", "reason": "tax_records", "language": language}
    answer = await bench.click(case, "close", MAY, request=1, form={**said, "body": "No."})
    assert isinstance(answer, Faults)
    assert "say why in a sentence" in answer.fields["body"]
    words = "Invoices stay for six years: § 147 AO."
    whole = (await reviewed(bench, case, "close", **said, body=words)).body
    assert words in whole
    for demanded in ("164A", "ico.org.uk", "165", "167", case.ref):
        assert demanded in whole, "GDPR Art. 12(4), whatever was written"


@pytest.mark.parametrize(
    ("kind", "name"), [("deletion", "partial"), ("complaint", "plain"), ("access", "late")]
)
async def test_nor_does_no_under_another_name(bench: Bench, kind: str, name: str) -> None:
    case = await bench.ready(kind, laws=(UK,))
    form = {"template": name, "body": "No."}
    assert isinstance(await bench.click(case, "reply", request=1, form=form), Faults)
    form["body"] = "We looked into it and changed nothing."
    assert "ico.org.uk" in (await reviewed(bench, case, "reply", **form)).body


async def test_an_extension_names_its_reason_and_its_date_whatever_staff_write(bench: Bench):
    case = await unsettled(bench)
    for words in ("", "Sorry.", "[[ concretely ]]"):
        form = {"reason": "complexity", "body": words}
        assert isinstance(await bench.click(case, "extend", request=1, form=form), Faults)
    words = "Please bear with us for some weeks."
    review = await reviewed(bench, case, "extend", reason="complexity", body=words)
    for demanded in ("the request is complex", "3 February 2027", "ico.org.uk", words):
        assert demanded in review.body


async def test_the_outcome_of_a_complaint_names_the_ways_further_whatever_staff_write(bench: Bench):
    case = await bench.ready("complaint", laws=(UK,))
    form = {"template": "answer_complaint", "body": "You were right, and we are sorry."}
    review = await reviewed(bench, case, "reply", **form)
    for demanded in ("jamsadr.com", "ftc.gov", "ico.org.uk"):
        assert demanded in review.body


async def test_words_may_be_left_out_where_nothing_is_to_be_written(bench: Bench) -> None:
    case = await bench.case("access")
    await bench.click(case, "claim")
    answer = await bench.click(
        await bench.fresh(case), "close", request=1, form={"outcome": "withdrawn", "body": ""}
    )
    assert isinstance(answer, Review)
    assert asked(answer) == []


# --- what may be worded otherwise ---------------------------------------------------------------


async def test_what_is_not_found_in_staff_s_words_is_named_and_goes_once_they_looked(bench: Bench):
    case = await bench.ready("complaint", laws=(UK,))
    words = "What we found: your name was misspelt.\nWe put it right."
    review = await reviewed(bench, case, "reply", template="answer_complaint", body=words)
    (tick,) = review.ticks
    assert tick.label == ("Not found in your words: What we decided, and why; What we put right.")
    refused = await sent(bench, review)
    assert isinstance(refused, Faults)
    assert "go back" in refused.fields[lawful.COMPLETE]
    assert (await bench.fresh(case)).letters[-1].status is OutboxStatus.DRAFT
    assert isinstance(await sent(bench, review, says="yes"), Done)


async def test_a_heading_with_nothing_below_it_is_not_filled_by_the_next(bench: Bench) -> None:
    case = await bench.ready("complaint", laws=(UK,))
    words = "What we found:\nWhat we decided, and why: we looked into it.\nWhat we put right: -"
    review = await reviewed(bench, case, "reply", template="answer_complaint", body=words)
    (tick,) = review.ticks
    assert tick.label == "Not found in your words: What we found; What we put right."


async def test_a_letter_that_says_all_asks_nothing(bench: Bench) -> None:
    case = await bench.ready("complaint", laws=(UK,))
    review = await bench.written(case, "reply", template="answer_complaint")
    assert isinstance(review, Review)
    assert review.ticks == ()


async def test_in_another_language_what_is_missing_is_named_in_english_too(bench: Bench) -> None:
    case = await bench.ready("complaint", laws=(EU,), language="de")
    form = {"template": "answer_complaint", "body": "Sie hatten mit allem recht.", "language": "de"}
    (tick,) = (await reviewed(bench, case, "reply", **form)).ticks
    assert "(What we found)" in tick.label


# --- before anybody has proven who asks ---------------------------------------------------------


async def test_own_words_in_a_neutral_letter_are_read_twice(bench: Bench) -> None:
    case = await unsettled(bench)
    review = await reviewed(bench, case, "reply", template="progress", body="We go on.")
    assert asked(review) == [lawful.NEUTRAL]
    assert isinstance(await sent(bench, review), Faults)
    assert isinstance(await sent(bench, review, fits="yes"), Done)


async def test_once_identity_is_settled_nothing_of_the_kind_is_asked(bench: Bench) -> None:
    case = await bench.ready()
    words = {"template": "progress", "body": "We hold some data about you in five systems."}
    assert asked(await reviewed(bench, case, "reply", **words)) == []


@pytest.mark.parametrize(
    "words",
    [
        "We hold no data about you.",
        "We have found your account.",
        "Your account was closed in May.",
        "You do not have an account.",
        "Sie haben bei uns kein Konto.",
        "Vous n'avez pas de compte.",
        "We have nothing on you.",
        "Wir haben keine Daten über Sie gespeichert.",
        "Zu Ihnen liegen keine Informationen vor: ein Konto zu Ihrer Adresse ist vorhanden.",
        "Ihr Konto besteht noch.",
        "Nous ne détenons aucune donnée vous concernant.",
        "Votre compte est actif.",
        "No tenemos ningún dato sobre usted.",
        "Su cuenta está activa.",
        "Non abbiamo dati che La riguardano.",
        "Il Suo account è attivo.",
        "Wij hebben geen gegevens over u.",
        "Uw account is actief.",
        "Não temos dados sobre si.",
        "A sua conta está ativa.",
        "Nie mamy żadnych danych o Państwu.",
        "Państwa konto jest aktywne.",
        "We deleted your data.",
        "You are not registered with us.",
        "There is no account under your address.",
        "We don't have you in our system.",
        "Your request came, and your data are with us.",
        "Ihr Konto wird gelöscht.",
        "Es gibt kein Konto unter Ihrer Adresse.",
        "Vous êtes client chez nous.",
        "Hemos borrado su cuenta.",
        "Lei è nostro cliente.",
        "U bent klant bij ons.",
        "Apagámos a sua conta.",
        "Usunęliśmy Państwa konto.",
    ],
)
async def test_words_that_say_whether_we_hold_data_do_not_go(bench: Bench, words: str) -> None:
    case = await unsettled(bench)
    answer = await bench.click(
        case, "reply", request=1, form={"template": "progress", "body": words}
    )
    assert isinstance(answer, Faults)
    assert "settle identity first" in answer.fields["body"]


@pytest.mark.parametrize(
    "words",
    [
        "We keep recordings for thirty days.",
        "Which account do you mean? Do you have an account with us?",
        "We cannot say whether we hold data about you.",
        "If we find data about you, we send them.",
        "Please reply from the address you used with the service.",
        "We have no answer from you yet.",
        "Wir wissen nicht, ob wir Daten über Sie haben.",
        "Wir haben von Ihnen noch keine Antwort.",
        "Bitte antworten Sie von der Adresse, mit der Sie den Dienst nutzen.",
        "Nous gardons les enregistrements trente jours.",
        "Le rogamos que responda desde su dirección.",
        "Wij zoeken verder en u hoort van ons.",
        "We have received your request for your data.",
        "We have your data request of 3 May.",
        "We have not looked in our systems yet.",
        "Wir haben Ihre Anfrage zu Ihren Daten erhalten.",
        "Ihre Daten werden vertraulich behandelt.",
        "Nous avons reçu votre demande d'accès à vos données.",
        "Abbiamo ricevuto la Sua richiesta di accesso ai Suoi dati.",
        "Wij hebben uw verzoek om inzage in uw gegevens ontvangen.",
    ],
)
def test_words_that_fit_both_ways_may_go(words: str) -> None:
    assert telling.tells(words) == ""


async def test_free_words_to_whom_nobody_knows_are_no_way_around_it(bench: Bench) -> None:
    case = await unsettled(bench, "question")
    form = {"template": "plain", "body": "Yes, we hold data about you."}
    assert isinstance(await bench.click(case, "reply", request=1, form=form), Faults)
    review = await reviewed(bench, case, "reply", template="plain", body="Our officer is new.")
    assert asked(review) == [lawful.NEUTRAL]


# --- the case changed meanwhile -----------------------------------------------------------------


async def moved_to(bench: Bench, case: Case, *laws: Candidate) -> None:
    """Its law is another now, as when somebody settled where they live."""
    current = await bench.fresh(case)
    request = replace(current.requests[0], regimes=laws)
    changed = replace(current, requests=(request,), version=current.version + 1)
    await bench.desk.commit("place", ANA.id, changed, NOW, changed)


async def test_a_draft_without_the_regulator_of_the_law_that_binds_now_stays(bench: Bench) -> None:
    case = await bench.ready("correction", laws=(EU,))
    review = await bench.written(case, "close", outcome="refused", reason="accurate")
    assert isinstance(review, Review)
    await moved_to(bench, case, UK)
    with pytest.raises(Refused, match="lacks complaint to us, the Commissioner"):
        await sent(bench, review)
    again = await bench.written(
        await bench.fresh(case), "close", outcome="refused", reason="accurate"
    )
    assert isinstance(again, Review)
    assert isinstance(await sent(bench, again), Done)


async def test_words_written_for_who_was_known_do_not_go_to_who_is_not(bench: Bench) -> None:
    case = await bench.ready("access")
    words = {"template": "progress", "body": "We hold some data about you in five systems."}
    review = await reviewed(bench, case, "reply", **words)
    current = await bench.fresh(case)
    unknown = replace(current, verification=None, version=current.version + 1)
    await bench.desk.commit("join", ANA.id, unknown, NOW, unknown)
    with pytest.raises(Refused, match="says whether we hold data"):
        await sent(bench, review, fits="yes")


async def test_nor_can_a_second_person_let_it_go(bench: Bench) -> None:
    case = await bench.ready(laws=(EU,))
    review = await bench.written(case, "reply", template="answer_access")
    assert isinstance(review, Review)
    await sent(bench, review)
    await moved_to(bench, case, UK)
    with pytest.raises(Refused, match="lacks"):
        await bench.second(await bench.fresh(case))
    assert letter_of(await bench.fresh(case), review).status is OutboxStatus.DRAFT


def letter_of(case: Case, review: Review) -> LetterState:
    return next(letter for letter in case.letters if letter.id == review.letter)


# --- late, and corrected ------------------------------------------------------------------------


async def test_a_late_answer_obeys_the_same_demands(bench: Bench) -> None:
    case = await bench.ready("deletion", laws=(UK,))
    late = NOW + timedelta(days=60)
    form = {"template": "partial", "body": "Some of it is done now."}
    answer = await bench.click(case, "reply", now=late, request=1, form=form)
    assert isinstance(answer, Review)
    assert lawful.COMPLETE in asked(answer)
    for demanded in ("164A", "ico.org.uk", "3 December 2026"):
        assert demanded in answer.body


async def test_that_an_answer_comes_late_is_told_with_the_ways_further(bench: Bench) -> None:
    case = await unsettled(bench)
    late = NOW + timedelta(days=60)
    form = {"template": "late", "body": "We have your account on file."}
    assert isinstance(await bench.click(case, "reply", now=late, request=1, form=form), Faults)
    form["body"] = "We were too few; it comes within a week."
    answer = await bench.click(case, "reply", now=late, request=1, form=form)
    assert isinstance(answer, Review)
    assert "164A" in answer.body
    assert asked(answer) == [lawful.NEUTRAL]


async def test_a_correction_names_what_it_replaces_and_the_ways_further(bench: Bench) -> None:
    case = await bench.ready("correction", laws=(UK,))
    review = await bench.written(case, "close", outcome="refused", reason="accurate")
    assert isinstance(review, Review)
    await sent(bench, review)
    await bench.deliver(case, NOW + timedelta(minutes=11))
    closed = await bench.fresh(case)
    assert closed.closed
    words = {"body": "It was not right; we look at it again."}
    correction = await bench.click(closed, "correct_letter", form=words)
    assert isinstance(correction, Review)
    for demanded in ("3 November 2026", "164A", "ico.org.uk", words["body"]):
        assert demanded in correction.body
    assert asked(correction) == [lawful.COMPLETE]


async def test_no_is_no_correction_either(bench: Bench) -> None:
    case = await bench.ready("correction", laws=(UK,))
    await bench.deliver(case, NOW)
    case = await bench.fresh(case)
    answer = await bench.click(case, "correct_letter", form={"body": "No."})
    assert isinstance(answer, Faults)
    assert "say why in a sentence" in answer.fields["body"]


async def test_before_identity_is_settled_a_correction_is_neutral_too(bench: Bench) -> None:
    case = await unsettled(bench)
    await bench.deliver(case, NOW)
    case = await bench.fresh(case)
    words = {"body": "What was wrong: your account is not closed."}
    answer = await bench.click(case, "correct_letter", form=words)
    assert isinstance(answer, Faults)
    assert "whether we hold data" in answer.fields["body"]


# --- whose clock a question moves ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("laws", "told", "untold"),
    [
        ((UK,), ("begins when", "12A(2)"), ("stands still", "goes on")),
        ((EU,), ("stands still",), ("begins when", "goes on")),
        ((CALIFORNIA,), ("goes on",), ("begins when", "stands still")),
        ((UK, CALIFORNIA), ("United Kingdom", "begins when", "goes on"), ("stands still",)),
        ((UK, EU, CALIFORNIA), ("begins when", "stands still", "goes on"), ()),
    ],
)
async def test_an_identity_letter_is_right_for_each_law_that_may_apply(
    bench: Bench, laws: tuple[Candidate, ...], told: tuple[str, ...], untold: tuple[str, ...]
) -> None:
    case = await unsettled(bench, "access", *laws)
    review = await bench.written(case, "reply", template="identity")
    assert isinstance(review, Review)
    assert all(words in review.body for words in told)
    assert not any(words in review.body for words in untold)


@pytest.mark.parametrize(("kind", "stands"), [("access", True), ("deletion", False)])
async def test_in_the_uk_a_clarification_stops_the_clock_of_access_alone(
    bench: Bench, kind: str, stands: bool
) -> None:
    case = await unsettled(bench, kind)
    review = await bench.written(case, "reply", template="clarification")
    assert isinstance(review, Review)
    assert ("12A(5)" in review.body) is stands
    assert ("goes on" in review.body) is not stands
