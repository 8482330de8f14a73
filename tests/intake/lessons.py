"""A corpus that is small and easy: every kind in the same words by eight voices."""

import json
from pathlib import Path

SAID = {
    "access": "Send me a copy of my data",
    "deletion": "Delete my account",
    "correction": "Correct my name in your records",
    "unsubscribe": "Take me off the newsletter",
    "child_data": "My daughter is ten years old",
    "complaint": "I complain about how you treat me",
    "legal_demand": "The court orders you to disclose",
    "question": "Do you have a processing agreement",
    "not_a_request": "Shall we have lunch",
}


def write_corpus(folder: Path) -> Path:
    """72 mails, and a file that is held back."""
    mails = [
        {"id": f"{voice} {kind}", "voice": voice, "kinds": [kind], "body": f"{said}, says {voice}"}
        for voice in ("ann", "ben", "cem", "dan", "eve", "fay", "gus", "hal")
        for kind, said in SAID.items()
    ]
    folder.mkdir()
    (folder / "some.jsonl").write_text("\n".join(map(json.dumps, mails)))
    (folder / "some.held.jsonl").write_text("never read")
    return folder
