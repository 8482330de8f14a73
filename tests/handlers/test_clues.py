"""The clues alone tell plain mails apart, in eight languages."""

import re

import pytest

from handlers.noise import NOISE
from tests.handlers.desks import REGISTRY

CLUES = {
    name: [(re.compile(clue.pattern, re.IGNORECASE), clue.weight) for clue in clues]
    for name, clues in {
        **{kind.name: kind.clues for kind in REGISTRY.kinds.values()},
        "not_a_request": NOISE,
    }.items()
}

PLAIN = [
    ("access", "Hello, please send me a copy of all the data you hold about me."),
    ("access", "Do you hold any information about me? I once joined a meeting as a guest."),
    ("access", "Bitte teilen Sie mir mit, welche Daten Sie über mich gespeichert haben."),
    ("access", "Je souhaite obtenir une copie de mes données personnelles."),
    ("access", "Quiero saber qué datos personales tienen sobre mí."),
    ("access", "Vorrei sapere quali dati avete su di me."),
    ("access", "Graag ontvang ik een kopie van mijn persoonsgegevens."),
    ("access", "Gostaria de saber quais dados vocês têm sobre mim."),
    ("access", "Proszę o kopię moich danych osobowych."),
    ("deletion", "Please delete my account and everything you have about me."),
    ("deletion", "I'd like all my personal information erased from your systems."),
    ("deletion", "Bitte löschen Sie mein Konto und alle meine Daten."),
    ("deletion", "Merci de supprimer mon compte et toutes mes données."),
    ("deletion", "Por favor eliminen mi cuenta y todos mis datos."),
    ("deletion", "Vi chiedo di cancellare tutti i miei dati."),
    ("deletion", "Verwijder alstublieft mijn account en al mijn gegevens."),
    ("deletion", "Por favor excluam minha conta e todos os meus dados."),
    ("deletion", "Proszę o usunięcie mojego konta i wszystkich moich danych."),
    ("correction", "My surname is misspelled in your records, it should be Kowalska."),
    ("correction", "Mein Geburtsdatum ist bei Ihnen falsch gespeichert, bitte korrigieren."),
    ("unsubscribe", "unsubscribe"),
    ("unsubscribe", "Please take me off your mailing list"),
    ("unsubscribe", "Bitte nehmen Sie mich aus dem Newsletter-Verteiler."),
    ("unsubscribe", "Je ne veux plus recevoir vos newsletters"),
    ("child_data", "My 9 year old daughter signed up for Spaces without my permission."),
    ("child_data", "Mein Sohn (11 Jahre) hat sich bei Ihnen registriert."),
    ("complaint", "I asked you to delete my data two months ago and never got a reply."),
    ("complaint", "Ich möchte mich über den Umgang mit meinen Daten beschweren."),
    ("question", "Who is your data protection officer?"),
    ("question", "May our pupils use Spaces? What is the minimum age?"),
    ("legal_demand", "You are hereby commanded to produce the records in the attached subpoena."),
    ("legal_demand", "I am a Detective Constable with the police investigating a fraud."),
    ("not_a_request", "I can't log in to my account, the app shows an error."),
    ("not_a_request", "Please delete the space 'Team A', we no longer need it."),
    ("not_a_request", "The VAT number on our invoice is wrong, please correct it."),
    ("not_a_request", "We offer SEO services. To unsubscribe click here."),
    ("not_a_request", "Automatic reply: I am out of the office until Monday"),
]


@pytest.mark.parametrize(("kind", "text"), PLAIN)
def test_a_plain_mail_speaks_for_its_kind(kind: str, text: str) -> None:
    scores = {
        name: sum(weight for pattern, weight in clues if pattern.search(text))
        for name, clues in CLUES.items()
    }
    assert max(scores, key=lambda name: scores[name]) == kind, scores
    assert scores[kind] >= 2
