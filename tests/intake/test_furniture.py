"""Legal footers and our own letters are not what somebody asks."""

import pytest

from intake.classify.furniture import without_furniture

ASKS = "please send me a copy of my data.\n\n"


@pytest.mark.parametrize(
    "footer",
    [
        (
            "this e-mail is confidential and intended solely for the addressee. if you have "
            "received it in error, notify the sender and delete it from your system."
        ),
        (
            "diese e-mail enthält vertrauliche informationen. wenn sie nicht der richtige "
            "empfänger sind oder diese e-mail irrtümlich erhalten haben, löschen sie sie bitte."
        ),
        (
            "ce message est confidentiel et réservé à ses destinataires. si vous l'avez reçu par "
            "erreur, merci de le supprimer."
        ),
        (
            "este mensaje es confidencial y va dirigido a su destinatario. si lo recibe por error, "
            "bórrelo."
        ),
    ],
)
def test_a_legal_footer_is_blanked_in_place(footer):
    kept = without_furniture(ASKS + footer)
    assert kept == ASKS + "".join(" " if not letter.isspace() else letter for letter in footer)


@pytest.mark.parametrize(
    "text",
    [
        "this is confidential: my ex must not learn that i asked you to delete my account.",
        "i received this message in error, so take me off your list.",
        "",
    ],
)
def test_own_words_stay(text):
    assert without_furniture(text) == text


def test_a_mail_of_nothing_but_furniture_keeps_it():
    footer = (
        "this message is confidential and intended solely for the addressee; notify the sender "
        "of any disclosure."
    )
    assert without_furniture(footer) == footer


def test_our_acknowledgement_is_not_what_its_reader_asks():
    ours = (
        "we received your message on 3 march. your reference is pr-2026-0042.\n\n"
        "we read it as: deletion. if that is wrong, just reply to\nthis message.\n"
    )
    kept = without_furniture("thank you!\n\n" + ours)
    assert kept.split() == ["thank", "you!"]


def test_our_letters_in_other_languages_are_known_too():
    ours = (
        "ihre nachricht ist am 3. märz bei uns eingegangen. ihr zeichen ist pr-2026-0042.\n\n"
        "wir verstehen sie so: ein auskunftsersuchen. wenn das nicht stimmt, antworten sie "
        "einfach auf diese nachricht.\n"
    )
    assert without_furniture("danke!\n\n" + ours).split() == ["danke!"]


def test_every_place_stays():
    text = "a\n \n\n" * 50 + "pr-2026-0042 confidential"
    assert len(without_furniture(text)) == len(text)
