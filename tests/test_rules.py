"""The table of rules names tests that are there."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
RULES = TESTS.parent / "docs" / "rules.md"
NAMED = re.findall(r"`([\w/]+\.py)::(test_\w+)`", RULES.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("file", "test"), NAMED, ids=[test for _, test in NAMED])
def test_a_rule_is_held_by_a_test_that_is_there(file: str, test: str) -> None:
    source = (TESTS / file).read_text(encoding="utf-8")
    assert re.search(rf"^(async )?def {test}\(", source, re.MULTILINE)


def test_no_trap_is_left_out() -> None:
    traps = RULES.read_text(encoding="utf-8").partition("## Each kind")[0]
    assert re.findall(r"^(\d+)\. ", traps, re.MULTILINE) == [str(n) for n in range(1, 17)]
