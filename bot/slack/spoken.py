"""A whole card in plain words: screen readers and notifications get this and nothing else."""

from bot.slack.attention import attention_words
from bot.slack.scene import ROWS, WAITING, Scene, ended, headline, identity, title
from bot.slack.words import day, due, escape, masked
from handlers.deadlines.regimes import law
from storage.records import Request, Status


def in_words(scene: Scene) -> str:
    """No mentions in it: a text with mentions would notify people at each edit."""
    case = scene.case
    if case.closed:
        return escape(f"{headline(case, scene.kinds)}: {ended(case.requests)}.")
    lines = [f"{headline(case, scene.kinds)}."]
    lines += [f"{_due(scene, request)}." for request in case.requests[:ROWS]]
    lines.append(f"From {masked(case.requester)}.")
    lines.append("Taken." if case.assignee else "Not taken yet.")
    lines.append(f"Identity: {identity(scene, mention=False).lower()}.")
    lines += [f"{text}." for text in attention_words(scene)]
    first = next((o for o in scene.offers if o.style == "primary"), None)
    lines += [f"Next: {first.label}."] if first else []
    return escape(" ".join(lines))[:3000]


def _due(scene: Scene, request: Request) -> str:
    name = title(request, scene.kinds)
    if request.status is Status.CLOSED:
        return f"{name}: {ended((request,))}"
    waits = f", {said}" if (said := WAITING[request.status]) else ""
    if request.due.stopped is not None:
        return f"{name}: {due(request.due, scene.days(request))}{waits}"
    when = f"{day(request.due.due_on)} ({law(request.due)})"
    return f"{name}: due {when}, {scene.left(request)}{waits}"
