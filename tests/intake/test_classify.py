"""What the classifier reads, and what it must not read."""

import re

import pytest

from handlers import registry
from handlers.handler import Clue
from handlers.noise import NOISE
from handlers.registry import Registry
from intake.classify import WORDS, Classifier, read_text, settled, unread
from intake.classify.clues import Book
from intake.classify.language import language
from intake.classify.needles import (
    Index,
    Signs,
    Words,
    alternatives,
    needles,
    reach,
    stretches,
)
from intake.classify.reader import see
from intake.mime import parse
from storage.records import ParsedMail, Reading


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier(registry.load())


def asked(body: str, subject: str = "Hello") -> ParsedMail:
    return ParsedMail(subject=subject, text=body, shown=body)


def read(classifier: Classifier, body: str, subject: str = "Hello") -> Reading:
    return classifier.read(asked(body, subject))


@pytest.mark.parametrize(
    ("body", "kinds"),
    [
        ("Please delete my account and all my data.", {"deletion"}),
        ("Please send me a copy of my personal data.", {"access"}),
        ("Stop sending me marketing emails.", {"unsubscribe"}),
        ("My surname is misspelt in your records. Please correct it to Meier.", {"correction"}),
        ("This is a formal complaint about how you treat my data.", {"complaint"}),
        ("Do you have a data processing agreement that we can sign?", {"question"}),
        ("Please find attached a subpoena for the records of one account.", {"legal_demand"}),
        (
            "My 11 year old daughter signed up without my permission. Please remove her account.",
            {"child_data", "deletion"},
        ),
        ("Send me a copy of my data first. Then delete my account.", {"access", "deletion"}),
        ("Bitte löschen Sie alle meine Daten.", {"deletion"}),
        ("Je souhaite supprimer mon compte et toutes mes données.", {"deletion"}),
        ("Are you free for lunch on Tuesday?", {"not_a_request"}),
    ],
)
def test_kinds(classifier, body, kinds):
    assert set(read(classifier, body).kinds) == kinds


@pytest.mark.parametrize(
    "body",
    [
        "Please don't delete my account.",
        "Please don\u2019t delete my account.",
        "I do not want you to delete my account.",
        "I am not asking you to delete my account.",
    ],
)
def test_what_is_denied_is_not_asked(classifier, body):
    assert "deletion" not in read(classifier, body).kinds


@pytest.mark.parametrize(
    "body",
    [
        "Please delete my account. If you do not delete it I will write again.",
        "I do not like Spaces, delete my account.",
        "Do not wait. Delete my account.",
        "Delete my account without undue delay.",
    ],
)
def test_a_denial_of_something_else_takes_nothing_away(classifier, body):
    assert "deletion" in read(classifier, body).kinds


def test_quoted_words_are_not_asked(classifier):
    parsed = parse(b"Subject: Re: x\r\n\r\nThanks a lot!\r\n\r\n> Please delete my account.\r\n")
    assert classifier.read(parsed).kinds == ("not_a_request",)


def test_an_old_subject_asks_nothing_a_new_one_does(classifier):
    thanks = "Thanks, the 28th is fine."
    assert read(classifier, thanks, "Re: please delete my account").kinds == ("not_a_request",)
    assert "deletion" in read(classifier, thanks, "please delete my account").kinds
    assert "deletion" in read(classifier, "", "Re: please delete my account").kinds


def test_an_empty_body_below_unsubscribe(classifier):
    reading = read(classifier, "", "unsubscribe")
    assert (reading.kinds, reading.decision) == (("unsubscribe",), "auto")
    assert [(e.start, e.end) for e in reading.evidence] == [(0, 11)]


def test_evidence_points_at_the_words_in_code_points(classifier):
    parsed = asked(
        "Grüße \U0001f600\n\nPlease delete my account, and send me a copy of my data.", "Ü"
    )
    reading = classifier.read(parsed)
    assert {evidence.kind for evidence in reading.evidence} == {"deletion", "access"}
    for evidence in reading.evidence:
        assert read_text(parsed)[evidence.start : evidence.end] == evidence.text
        assert re.search("delete|copy|data", evidence.text)


def test_letters_that_grow_in_lower_case_move_no_place(classifier):
    parsed = asked("\u0130\u0130\u0130 please delete my account")
    evidence = classifier.read(parsed).evidence[0]
    assert read_text(parsed)[evidence.start : evidence.end] == evidence.text
    assert evidence.text.endswith("delete my account")


def test_a_reading_is_whole(classifier):
    reading = read(classifier, "Please delete my account")
    assert set(reading.confidence) == set(WORDS)
    assert all(0 <= p <= 1 for p in reading.confidence.values())
    assert reading.confidence["deletion"] > 0.8
    assert reading.decision == "auto"
    assert unread().decision == "triage"


def test_the_threshold_can_be_moved(classifier):
    mail = asked("Please delete my account and all my data.")
    assert classifier.read(mail).decision == "auto"
    assert classifier.read(mail, auto=1.0).decision == "triage"


def test_a_mail_that_was_not_read_to_its_end_goes_to_a_person(classifier):
    body = "Please delete my account and all my data.\n" + " \n" * 12_000
    assert classifier.read(asked(body[:9_000])).decision == "auto"
    assert classifier.read(asked(body)).decision == "triage"


@pytest.mark.parametrize(
    "body",
    [
        "Annwyl Syr, hoffwn gael copi o'r holl wybodaeth bersonol sydd gennych amdanaf i.",
        "Hej, jag vill att ni tar bort mitt konto och all data om mig.",
        "Dobrý den, žádám o výmaz mých osobních údajů, delete my account.",
    ],
)
def test_a_language_it_has_not_learned_goes_to_a_person(classifier, body):
    reading = read(classifier, body, "")
    assert reading.language not in {"en", "de", "fr", "es", "it", "nl", "pt", "pl"}
    assert reading.decision == "triage"


def test_a_kind_that_was_not_trained_is_known_by_its_clues():
    kinds = dict(registry.load().kinds)
    clue = Clue(pattern=r"\bxylophone\b", weight=4.0)
    music = type("Music", (type(kinds["access"]),), {"name": "music", "clues": (clue,)})
    kinds["music"] = music()
    reading = read(Classifier(Registry(kinds=kinds, actions={})), "My xylophone!")
    assert reading.kinds == ("music",)
    assert reading.evidence[0].text == "xylophone"


def test_what_nobody_asks_is_no_doubt_that_holds_letters_back(classifier):
    reading = read(classifier, "Please delete my account")
    assert reading.confidence["legal_demand"] < 0.05
    assert reading.confidence["child_data"] < 0.05


def test_only_a_machine_without_any_sign_is_ignored(classifier):
    news = asked("Our product news of the month.", "News")
    assert classifier.read(news).decision == "triage"
    assert classifier.read(news, robot=True).decision == "ignore"
    for sign in ("Please delete my account", "unsubscribe me", "your data breach", "my solicitor"):
        assert classifier.read(asked(sign), robot=True).decision != "ignore"
    assert settled(classifier.read(news), robot=False).decision == "triage"


@pytest.mark.parametrize(
    ("body", "flag"),
    [
        ("I will speak to my solicitor", "lawyer"),
        ("I will write to the ICO", "regulator"),
        ("enclosed is a court order", "court"),
        ("I am a journalist writing about you", "press"),
        ("my account was hacked", "breach"),
        ("my abusive ex can see where I am", "safety"),
        ("your employee looked at my recordings", "staff"),
        ("I write on behalf of my mother", "agent"),
        ("I used to work for you and would like my references.", "ex_employee"),
        ("Meine Personalakte liegt noch bei Ihnen.", "ex_employee"),
        ("I have had no answer to my first request.", "earlier"),
        ("Ma demande du 3 mars est restée sans réponse.", "earlier"),
        ("A grown man has been grooming my son in your rooms.", "child_at_risk"),
        ("Das Jugendamt ist informiert.", "child_at_risk"),
        ("This request was prepared by Incogni for its user.", "bulk_agent"),
    ],
)
def test_red_flags(classifier, body, flag):
    assert flag in read(classifier, body).flags


def test_a_newsletter_that_takes_no_replies_asks_after_nothing(classifier):
    body = "This is a no reply address. We are following up on our special offer."
    assert "earlier" not in read(classifier, body).flags


def test_a_service_is_known_by_the_domain_it_writes_from(classifier):
    parsed = ParsedMail(shown="Delete my data.", header_from="case-1@mail.saymine.com")
    assert classifier.read(parsed).service == "Mine"
    assert "bulk_agent" in classifier.read(parsed).flags
    assert not read(classifier, "This data is mine and I want it.").service


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Please tell me what you have about me in your files and who can see it.", "en"),
        ("Bitte teilen Sie mir mit, welche Daten Sie über mich haben.", "de"),
        ("Bonjour, je souhaite savoir quelles données vous avez sur moi.", "fr"),
        ("Hola, quiero saber qué datos tienen sobre mí en sus archivos.", "es"),
        ("Buongiorno, vorrei sapere quali dati avete su di me.", "it"),
        ("Beste, ik wil graag weten welke gegevens u van mij hebt.", "nl"),
        ("Olá, gostaria de saber quais dados vocês têm sobre mim e o meu uso.", "pt"),
        ("Dzień dobry, proszę o informację, jakie dane moje są u Państwa.", "pl"),
        ("unsubscribe", "en"),
        ("Helo, hoffwn i chi ddileu fy nghyfrif a phob data sydd gennych amdanaf i.", "cy"),
        ("Annwyl Syr, a allwch chi anfon copi o'r holl wybodaeth bersonol amdanaf?", "cy"),
        ("Jag begär en kopia av mina personuppgifter enligt artikel 15.", "sv"),
        ("Γεια σας, παρακαλώ διαγράψτε τον λογαριασμό μου.", "el"),
        ("请删除我的账户和所有个人数据", "zh"),
        ("", "und"),
    ],
)
def test_languages(text, code):
    assert language(text) == code


# --- the shortcut that makes it quick


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"\bdelet(e|ed|ing) my\b", "deleting my"),
        (r"(alpha|beta){1,2} ?gam[mn]a", "betagamna"),
        (r"l[oö]sch(en|ung)", "löschung"),
        (r"(one|two)? three", " three"),
        (r"(?:x{2,3}yo|zz)", "xxyo"),
        (r"a(?!b)cd|e(?=f)fg", "efg"),
    ],
)
def test_needles_are_in_every_match(pattern, text):
    assert re.search(pattern, text)
    wanted = needles(pattern)
    distance = reach(pattern)
    assert distance is not None
    assert any(
        re.compile(pattern).search(text, start, end)
        for start, end in stretches(
            wanted, Index([wanted]).present(Words(text)), Words(text), distance
        )
    )


def test_no_clue_is_missed_for_its_needles(classifier):
    """Every example of this file, against every clue, with and without the shortcut."""
    clues = [clue for kind in registry.load().kinds.values() for clue in kind.clues] + list(NOISE)
    text = (
        "please don't delete my account. send me a copy of my personal data. unsubscribe me. "
        "bitte löschen sie alle meine daten. this is a formal complaint. my 11 year old daughter "
        "signed up. correct my surname. subpoena for the records. je souhaite supprimer mon compte"
    )
    words = Words(text)
    present = Index(needles(clue.pattern) for clue in clues).present(words)
    found = 0
    for clue in clues:
        wanted, distance = needles(clue.pattern), reach(clue.pattern)
        if wanted and distance is not None:
            here = not any(map(present.isdisjoint, wanted))
            quick = [
                match.span()
                for start, end in (stretches(wanted, present, words, distance) if here else ())
                for match in re.compile(clue.pattern).finditer(text, start, end)
            ]
            slow = [match.span() for match in re.finditer(clue.pattern, text)]
            assert quick == slow, clue.pattern
            found += bool(slow)
    assert found > 15


# --- the right, where the kind is coarser than the law

CLAIMED = [
    ("access", "GDPR 20", "I am moving to another provider, so send me my chats to take along."),
    ("access", "GDPR 20", "Ich mache mein Recht auf Datenübertragbarkeit geltend."),
    ("access", "GDPR 20", "Je souhaite exercer mon droit à la portabilité de mes données."),
    ("access", "", "Please send me a copy of my data, as CSV if you can."),
    ("deletion", "GDPR 18", "Please restrict the processing of my data until this is settled."),
    ("deletion", "GDPR 18", "Do not delete it, just freeze my data while my complaint runs."),
    ("deletion", "GDPR 18", "Bitte schränken Sie die Verarbeitung meiner Daten ein."),
    ("deletion", "GDPR 18", "Wnoszę o ograniczenie przetwarzania moich danych."),
    ("deletion", "GDPR 21", "I object to your analysing my voice. Stop processing it."),
    ("deletion", "GDPR 21", "Je m'oppose au traitement de mes données."),
    ("deletion", "GDPR 21", "Ik maak bezwaar tegen de verwerking van mijn gegevens."),
    ("deletion", "GDPR 22", "No automated decision about me, please: a person must decide."),
    ("deletion", "", "I withdraw my consent. Delete all the data you have."),
    ("deletion", "", "Bitte löschen Sie alle meine Daten."),
    ("unsubscribe", "CCPA 1798.120", "Do not sell or share my personal information."),
    ("unsubscribe", "", "Please take me off your mailing list."),
]


@pytest.mark.parametrize(("kind", "right", "body"), CLAIMED)
def test_the_right_that_is_claimed(kind, right, body):
    found = list(Book(registry.load()).claims(see(asked(body)), [kind]))
    assert [claim.right for claim in found] == ([right] if right else [])


def test_a_claim_points_at_its_words(classifier):
    body = "Please restrict the processing of my data until this is settled."
    reading = read(classifier, body)
    (claim,) = reading.claims
    assert reading.right("deletion") == "GDPR 18"
    assert reading.right("access") == ""
    assert "restrict" in read_text(asked(body))[claim.start : claim.end]


def test_a_right_is_claimed_only_for_a_kind_that_is_asked(classifier):
    assert read(classifier, "Shall we move the lunch to another place?").claims == ()


@pytest.mark.parametrize("kind", registry.load().kinds.values(), ids=lambda kind: kind.name)
def test_every_right_can_be_chosen_where_the_kind_offers_a_choice(kind):
    offered = {
        value
        for step in kind.steps
        for field in step.asks
        if field.name == "right"
        for value, _ in field.options
    }
    assert not offered or set(kind.rights) - {""} <= offered


def test_signs():
    signs = Signs({"a": r"\bsue(s|d)?\b", "b": "court|judge"})
    assert signs.of(Words("he sued them")) == ("a",)
    assert signs.of(Words("the judge sues")) == ("a", "b")
    assert signs.of(Words("nothing")) == ()


def test_a_sign_is_found_however_long_its_word_and_its_text():
    signs = Signs({"a": r"rechtsanw[aä]lt\w*|of (\w+ )?counsel"}, around=r"(?<!\w){}(?!\w)")
    away = "nothing here. " * 900
    for said in ("rechtsanwaltsgebührengesetz", "of special counsel", "of counsel."):
        assert signs.of(Words(f"{away}{said} {away}")) == ("a",)
    assert signs.of(Words(f"{away}unrechtsanwalt, off counselling{away}")) == ()


@pytest.mark.parametrize(
    ("pattern", "offered"),
    [
        ("a|b", ["a", "b"]),
        (r"a(b|c)|d\|e", ["a(b|c)", r"d\|e"]),
        ("[|)]x|(?<!y)z", ["[|)]x", "(?<!y)z"]),
        ("alone", ["alone"]),
    ],
)
def test_alternatives(pattern, offered):
    assert alternatives(pattern) == offered
