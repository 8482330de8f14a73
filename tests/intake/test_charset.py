"""Mails in many languages and character sets; what is guessed is said."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.charset import BROKEN, GUESSED, UNKNOWN, clean, to_text
from intake.parse import parse

WORDS = {
    "en": "Please delete everything you hold about me \u2013 I don\u2019t want it kept.",
    "de": "Bitte löschen Sie sämtliche Daten, die Sie über mich gespeichert haben. Grüße",
    "fr": "Veuillez effacer toutes mes données à caractère personnel. Merci d’avance, Zoé",
    "es": "Solicito la supresión de todos mis datos personales. Un saludo, Íñigo Muñoz",
    "it": "Chiedo la cancellazione dei miei dati: è urgente, perché non uso più il servizio.",
    "nl": "Graag alle gegevens wissen die u over mij heeft; ik gebruik het niet meer, België",
    "pt": "Peço a eliminação de todos os meus dados pessoais. Não quero a conta. Obrigado, João",
    "pl": "Proszę o usunięcie wszystkich moich danych osobowych. Pozdrawiam, Łukasz Żółć",
    "cs": "Žádám o výmaz všech svých osobních údajů a o potvrzení. Děkuji, Jiří Čížek",
    "ru": "Прошу удалить все мои персональные данные и закрыть учётную запись.",
    "ja": "お世話になっております。私の個人データをすべて削除してください。①",
    "zh": "您好，请删除我的所有个人数据并关闭我的账户。谢谢。",
    "ko": "안녕하세요. 제 개인정보를 모두 삭제하고 계정을 닫아 주세요. 뷁",
}
#: language, what is declared, what it is really written in
DECLARED = [
    ("en", "iso-8859-1", "cp1252"),
    ("en", "us-ascii", "utf-8"),
    ("de", "iso-8859-1", "cp1252"),
    ("de", "windows-1252", "cp1252"),
    ("fr", "latin1", "cp1252"),
    ("es", "iso-8859-15", "iso8859-15"),
    ("it", "utf-8", "utf-8"),
    ("nl", "us-ascii", "utf-8"),
    ("pt", "iso-8859-1", "latin-1"),
    ("pl", "iso-8859-2", "iso8859-2"),
    ("pl", "windows-1250", "cp1250"),
    ("cs", "iso-8859-2", "iso8859-2"),
    ("ru", "koi8-r", "koi8-r"),
    ("ru", "windows-1251", "cp1251"),
    ("ja", "shift_jis", "cp932"),
    ("ja", "iso-2022-jp", "iso2022_jp_3"),
    ("ja", "euc-jp", "euc_jp"),
    ("zh", "gb2312", "gb18030"),
    ("zh", "gbk", "gb18030"),
    ("ko", "euc-kr", "cp949"),
    ("ko", "ks_c_5601-1987", "cp949"),
]


def mail(words: bytes, declared: str | None) -> bytes:
    kind = f"Content-Type: text/plain; charset={declared}\r\n" if declared else ""
    return b"From: ann@example.org\r\nSubject: x\r\n" + kind.encode() + b"\r\n" + words


@pytest.mark.parametrize(("language", "declared", "real"), DECLARED)
def test_what_is_declared_is_read_as_it_is_meant(language, declared, real):
    words = WORDS[language].replace("①", "") if real == "euc_jp" else WORDS[language]
    words = words.replace("①", "") if real == "iso2022_jp_3" else words
    found = parse(mail(words.encode(real), declared))
    assert found.text == words
    assert not any("character" in defect for defect in found.defects)


@pytest.mark.parametrize(
    ("language", "real"),
    [
        ("de", "cp1252"),
        ("fr", "cp1252"),
        ("es", "cp1252"),
        ("it", "cp1252"),
        ("pt", "cp1252"),
        ("pl", "cp1250"),
        ("ru", "cp1251"),
        ("ru", "koi8-r"),
        ("ja", "cp932"),
        ("zh", "gb18030"),
        ("ko", "cp949"),
    ],
)
@pytest.mark.parametrize("declared", [None, "us-ascii", "utf-8", "x-unknown"])
def test_what_is_not_declared_or_wrongly_is_guessed_and_said(language, real, declared):
    found = parse(mail(WORDS[language].encode(real), declared))
    assert found.text == WORDS[language]
    assert GUESSED in found.defects
    assert (UNKNOWN in found.defects) is (declared == "x-unknown")


@pytest.mark.parametrize(
    "declared", ["utf-7", "unicode-1-1-utf-7", "idna", "rot13", "base64", "hex"]
)
def test_sets_that_only_attackers_use_are_refused(declared):
    found = parse(mail(b"+AGQAZQBsAGUAdABl- x", declared))
    assert found.text == "+AGQAZQBsAGUAdABl- x"
    assert UNKNOWN in found.defects


def test_a_torn_character_is_no_reason_for_a_guess():
    raw = WORDS["de"].encode()[:-1] + b"\xc3"
    text, faults = to_text(raw, "utf-8")
    assert text.startswith("Bitte löschen")
    assert faults == (BROKEN,)


def test_raw_headers_in_an_old_set_are_guessed():
    raw = f"From: Иван <ivan@example.org>\r\nSubject: {WORDS['ru']}\r\n\r\nx".encode("koi8-r")
    found = parse(raw)
    assert (found.from_name, found.subject) == ("Иван", WORDS["ru"])
    assert GUESSED in found.defects


def test_a_byte_order_mark_is_not_text():
    assert clean(to_text(b"\xef\xbb\xbfhello", "utf-8")[0]) == "hello"


def reordered(text: str) -> int:
    """The longest run of characters that normalisation would have to sort."""
    longest = run = 0
    for letter in text:
        run = run + 1 if unicodedata.combining(letter) else 0
        longest = max(longest, run)
    return longest


MARKS = [chr(n) for n in range(0x300, 0x1F000) if unicodedata.combining(chr(n))]


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from(MARKS), min_size=25, max_size=80), st.text(max_size=5))
def test_no_run_of_marks_is_longer_than_thirty(marks, before):
    assert reordered(clean(before + marks)) <= 30 + reordered(clean(before))


def test_thirty_marks_stay():
    assert clean("a" + "\u0301" * 30) == "a" + "\u0301" * 30


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=200),
    st.one_of(st.none(), st.sampled_from([d for _, d, _ in DECLARED]), st.text(max_size=20)),
)
def test_any_bytes_in_any_set_give_text(raw, declared):
    text, _ = to_text(raw, declared)
    clean(text).encode()
