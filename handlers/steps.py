"""Steps that several kinds share, and short words to describe the forms of steps."""

from handlers.handler import Field, Given, Step

NOTE = Field(name="note", label="Note", type="paragraph", optional=True, max_length=1000)
WHY = Field(
    name="why",
    label="What is missing, and why",
    type="paragraph",
    optional=True,
    hint="Needed where not every box is ticked.",
)


def choice(name: str, label: str, **options: str) -> Field:
    """One of these."""
    return Field(name=name, label=label, type="choice", options=tuple(options.items()))


def ticked(label: str, *options: str) -> Field:
    """All of these, or a reason."""
    known = tuple((str(number), text) for number, text in enumerate(options, start=1))
    return Field(
        name="list", label=label, type="choices", options=known, optional=True, complete=True
    )


def text(name: str, label: str, hint: str = "", *, optional: bool = False) -> Field:
    """A line to fill in."""
    return Field(name=name, label=label, hint=hint, optional=optional, max_length=300)


#: most content of a meeting service belongs to the customer whose meeting it was
WHOSE = Step(
    name="whose",
    label="Whose data is it",
    action="whose",
    button="Whose data?",
    theirs=True,
    asks=(
        choice(
            "whose",
            "Ours, our customer's, or both?",
            ours="Ours: we decide on them",
            customers="Our customer's: they answer",
            both="Both: we go on for our part",
        ),
        NOTE,
    ),
)
PASSED_ON = Step(
    name="passed_on",
    label="Pass it on to the customer",
    action="passed_on",
    button="Passed on",
    intro="Promptly, to the contact the register names. The requester is told when identity "
    "is settled: Close, Another company answers.",
    theirs=True,
    given=(Given(step="whose", field="whose", values=("customers", "both"), open=False),),
    asks=(
        Field(
            name="customer",
            label="To which customer, whom there",
            offers="customers",
            max_length=300,
        ),
        text("when", "When and how"),
    ),
)
ASK_OWNERS = Step(
    name="owners",
    label="Ask the owners",
    action="ask_owners",
    button="Ask owners",
    round="hold",
)
HEARD = Step(name="heard", label="Owners answer", action="nudge", of="owners", after=("owners",))
#: hiding or deleting data after a request is an offence in the UK (DPA 2018 s.173)
PRESERVE = Step(
    name="preserve",
    label="Stop routine deletion",
    action="preserve",
    button="Deletion stopped",
    intro="Nothing about this person is deleted by routine until the answer is out.",
)
REVIEW = Step(
    name="review",
    label="Review what is found",
    action="review",
    button="Reviewed",
    intro="Before anything leaves the house.",
    after=("heard",),
    asks=(
        ticked(
            "Looked at",
            "Other people's data taken out",
            "Legal privilege",
            "Trade secrets",
            "No identity papers or passwords among it",
        ),
        WHY,
    ),
)
#: a legal hold: nothing is deleted while a dispute or a duty to keep lasts
HOLD_CHECK = Step(
    name="hold_check",
    label="Check for a legal hold",
    action="hold_check",
    button="Legal hold?",
    intro="Open dispute, unpaid order, fraud, an authority's demand, a duty to keep.",
    asks=(choice("hold", "Legal hold", off="None: it may go", on="Yes: nothing is deleted"), NOTE),
)
#: an agent's own address is not the one that is to get no more
ADDRESSES = Step(
    name="addresses",
    label="Whose address is meant",
    action="do_not_mail",
    flags=frozenset({"agent", "bulk_agent"}),
)
#: what was drawn together for the answer is kept nowhere else (GDPR Art. 5(1)(e))
COPIES = Step(
    name="copies",
    label="Purge the working copies",
    action="copies",
    button="Copies purged",
    intro="What was gathered and redacted for the answer; a package handed over goes in 30 days.",
    after=("answer",),
)
#: wherever data go, a second person has approved it: it belongs in `Kind.two_persons`
ERASING = Step(
    name="erasing",
    label="Have it deleted",
    action="delete_now",
    button="Delete now",
    round="delete",
    after=("verify", "hold_check", "heard"),
)
ERASED = Step(
    name="erased", label="Owners delete", action="nudge", of="erasing", after=("erasing",)
)
RECIPIENTS = Step(
    name="recipients",
    label="Tell the recipients",
    action="recipients",
    button="Recipients told",
    intro="Each recipient the data were disclosed to, unless that is impossible (GDPR Art. 19).",
    asks=(text("who", "Who was told, and when", 'Or "nobody", and why'),),
)
RESTRICT = Step(
    name="restrict",
    label="Restrict the use",
    action="restrict",
    button="Restrict use",
    intro="The data are kept and not used (GDPR Art. 18).",
    optional=True,
    asks=(
        choice("restricted", "Restriction", on="On: kept, not used", off="Lifted"),
        text("note", "Which data", optional=True),
    ),
)
