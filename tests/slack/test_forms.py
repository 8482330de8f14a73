"""Forms as windows and back as values; letters before they go; windows to read in."""

import json
from datetime import timedelta

import pytest

from bot.slack import forms, preview, reading, views
from bot.slack.pointers import Pointer, decoded, encoded
from handlers.handler import Done, Field, Form, Review
from storage.records import Attachment, Entry, InboundMail, ParsedMail

HOSTILE = "<!channel> *bold* <https://example.com|click> & \u202egnp.exe\u200b"
POINTER = Pointer(ref="PR-2026-0042", version=3, action="reply", request=1)

FORM = Form(
    title="Reply to the requester, long title",
    submit="Review",
    intro="Goes to nora@example.org",
    fields=(
        Field(
            name="template",
            label="Start from",
            type="choice",
            options=tuple((f"t{n}", f"Template {n}") for n in range(3)),
            initial="t1",
            refreshes=True,
        ),
        Field(name="body", label="Message", type="paragraph", initial="Dear Nora,\n" * 500),
        Field(name="with", label="With it", type="choices", options=(("a", "A"), ("b", "B")),
              initial="a b", optional=True),
        Field(name="note", label="Kept nowhere", type="note"),
        Field(name="line", label="Line", hint="One line", max_length=9000),
        Field(name="person", label="To whom"),
        Field(name="many", label="Many", type="choice",
              options=tuple((f"v{n}", "x" * 100) for n in range(120))),
        Field(name="boxes", label="Boxes", type="choices",
              options=tuple((f"v{n}", "x") for n in range(30))),
        Field(name="none", label="None", type="choice"),
    ),
)  # fmt: skip


def state_of(view) -> dict:
    """What Slack sends back when nobody touched anything."""
    values: dict = {}
    for block in view["blocks"]:
        if block["type"] == "input":
            element = block["element"]
            keys = {
                "plain_text_input": ("value", element.get("initial_value")),
                "radio_buttons": ("selected_option", element.get("initial_option")),
                "static_select": ("selected_option", element.get("initial_option")),
                "checkboxes": ("selected_options", element.get("initial_options", [])),
                "multi_static_select": ("selected_options", element.get("initial_options", [])),
                "users_select": ("selected_user", None),
            }
            key, value = keys[element["type"]]
            values[block["block_id"]] = {
                element["action_id"]: {"type": element["type"], key: value}
            }
    return {**view, "state": {"values": values}}


def test_a_form_keeps_the_limits_and_comes_back_whole(view_faults):
    view = forms.view(FORM, POINTER, "s1")
    assert view_faults(view) == []
    values = forms.values(state_of(view))
    assert values["template"] == "t1"
    assert values["body"] == ("Dear Nora,\n" * 500).strip("\n")
    assert values["with"] == "a b"
    assert values["line"] == ""
    assert "note" not in values
    assert decoded(view["private_metadata"]) == POINTER
    assert "nora" not in view["private_metadata"]


def test_a_new_salt_gives_every_input_a_new_id():
    first = {b["block_id"] for b in forms.view(FORM, POINTER, "s1")["blocks"]}
    second = {b["block_id"] for b in forms.view(FORM, POINTER, "s2")["blocks"]}
    assert not first & second


def test_a_field_that_refreshes_says_so():
    blocks = forms.view(FORM, POINTER, "s1")["blocks"]
    asking = [b["block_id"] for b in blocks if b.get("dispatch_action")]
    assert asking == ["f:template:0:s1"]


def test_faults_go_to_their_field_and_others_to_the_first():
    view = forms.view(FORM, POINTER, "s1")
    told = forms.errors(view, {"line": "Too short.", "elsewhere": "Not now."})
    assert told == {"f:line:0:s1": "Too short.", "f:template:0:s1": "Not now."}


def test_late_faults_stand_on_top(view_faults):
    view = forms.view(FORM, POINTER, "s1", {"line": "Too short."})
    assert view_faults(view) == []
    assert "Line: Too short." in view["blocks"][0]["text"]["text"]


def test_hostile_intros_and_initials_stay_literal(texts, view_faults):
    form = Form(
        title="T",
        submit="S",
        intro=HOSTILE,
        fields=(Field(name="q", label="Quote", type="note", initial=HOSTILE),),
    )
    view = forms.view(form, POINTER, "s")
    assert view_faults(view) == []
    assert all(kind == "plain_text" for kind, text in texts(view) if "!channel" in text)


def test_a_preview_shows_the_letter_and_sends_by_id(make_case, view_faults, texts):
    answer = Review(
        case=make_case(version=4),
        letter="L1",
        to="nora@example.org",
        subject=HOSTILE,
        body=HOSTILE + "\n" + "word " * 2000,
        window=60,
        ticks=(Field(name="fits", label=HOSTILE, type="choices", options=(("yes", "Yes"),)),),
    )
    view = preview.review(answer, POINTER)
    assert view_faults(view) == []
    assert view["submit"]["text"] == "Send"
    (box,) = [block for block in view["blocks"] if block["type"] == "input"]
    assert (box["element"]["type"], box["optional"]) == ("checkboxes", False)
    assert forms.errors(view, {"fits": "Tick it."}) == {box["block_id"]: "Tick it."}
    pointer = decoded(view["private_metadata"])
    assert (pointer.action, pointer.value, pointer.version) == ("send", "L1", 4)
    assert "nora" not in view["private_metadata"]
    assert all(kind == "plain_text" for kind, text in texts(view) if "!channel" in text)
    assert "1 minute" in json.dumps(view)
    shown = "".join(text for _, text in texts(view))
    assert shown.count("word") == 2000


def test_what_was_done_offers_undo_while_it_can(make_case, now, view_faults):
    done = Done(
        said="Sent.",
        case=make_case(version=5),
        back="undo",
        undo="L1",
        until=now + timedelta(minutes=1),
    )
    view = views.final(done, POINTER, "Europe/London")
    assert view_faults(view) == []
    button = view["blocks"][-1]["elements"][0]
    assert button["text"]["text"] == "Undo"
    assert decoded(button["value"]).value == "L1"
    plain = views.final(Done(said="Done.", case=make_case()), POINTER, "Europe/London")
    assert view_faults(plain) == []
    assert "Undo" not in json.dumps(plain)


@pytest.mark.parametrize(
    "view",
    [
        views.waiting(),
        views.message("PR-2026-0042", "Taken by <@U02BEN>."),
        views.asked("Not a request", "Take it out of the queue?", POINTER),
    ],
)
def test_small_windows_keep_the_limits(view, view_faults):
    assert view_faults(view) == []


def mail(**more) -> ParsedMail:
    base = {
        "header_from": "nora@example.org",
        "from_name": HOSTILE,
        "reply_to": "else@example.net",
        "to": ("compliance@example.com",),
        "subject": HOSTILE,
        "text": "Please delete it.\n\n> quoted words",
        "shown": "Please delete it.",
    }
    return ParsedMail(**{**base, **more})


def stored(now) -> InboundMail:
    return InboundMail(
        id="m1",
        received_at=now,
        mail_from="",
        rcpt_to=(),
        peer="",
        sha256="",
        size=1,
        sender="nothing proves where it comes from (SPF none)",
    )


def test_mails_are_literal_and_without_tricks(make_case, now, view_faults, texts):
    parsed = mail(
        attachments=(
            Attachment(name=HOSTILE, media_type="application/pdf", size=2_500_000, sha256="x"),
        ),
        defects=(HOSTILE,),
    )
    view = reading.mails(make_case(), [(stored(now), parsed)], "Europe/London")
    assert view_faults(view) == []
    whole = texts(view)
    assert all(kind == "plain_text" for kind, text in whole if "!channel" in text)
    assert all("\u202e" not in text and "\u200b" not in text for _, text in whole)
    joined = "\n".join(text for _, text in whole)
    assert "Sender: nothing proves where it comes from (SPF none)" in joined
    for told in ("From:", "Reply-To: else@example.net", "2.5 MB", "Faults in", "> quoted words"):
        assert told in joined
    assert joined.index("Please delete it.") < joined.index("> quoted words")
    assert view["blocks"][2]["text"]["emoji"] is False


def test_a_huge_conversation_fits_and_says_what_is_left(make_case, now, view_faults):
    long = mail(text="x" * 200_000, shown="x" * 200_000)
    opened = [(stored(now), long) for _ in range(30)]
    view = reading.mails(make_case(), opened, "Europe/London")
    assert view_faults(view) == []
    assert "older mails not shown here" in json.dumps(view)


def test_an_unreadable_mail_says_so(make_case, now, view_faults):
    view = reading.mails(make_case(), [(None, ParsedMail(readable=False))], "Europe/London")
    assert view_faults(view) == []
    assert "could not be read safely" in json.dumps(view)


def test_a_purged_mail_says_so_beside_one_that_is_there(make_case, now, view_faults):
    opened = [(stored(now), None), (stored(now), mail())]
    view = reading.mails(make_case(), opened, "Europe/London")
    assert view_faults(view) == []
    said = json.dumps(view)
    assert "destroyed when its time was over" in said
    assert "Please delete it." in said


def test_a_long_history_fits(make_case, now, view_faults):
    entries = [
        Entry(seq=n, at=now, actor="U01ANA", act="claim", case="PR", note="<&>" * 100)
        for n in range(500)
    ]
    view = reading.history(make_case(), entries, "Europe/London")
    assert view_faults(view) == []
    assert view_faults(reading.history(make_case(), [], "Europe/London")) == []


def test_pointers_carry_ids_only_and_survive_nonsense():
    assert decoded(encoded(POINTER)) == POINTER
    assert len(encoded(Pointer(ref="PR-2026-123456", version=99999, action="correct_letter",
                               request=12, value="0" * 20, way="f"))) <= 150  # fmt: skip
    for bad in ("", None, "mine", "[1]", '{"r": 1}', "{"):
        assert decoded(bad) is None
