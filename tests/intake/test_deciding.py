"""From likelihoods to kinds and decisions."""

import pytest

from intake.classify.deciding import decided, named, signs
from intake.classify.model import Judged, Thresholds

AT = Thresholds(named=0.5, auto=0.95)


@pytest.mark.parametrize(
    ("likely", "kinds"),
    [
        ({"access": 0.9, "deletion": 0.6, "not_a_request": 0.1}, ("access", "deletion")),
        ({"access": 0.6, "deletion": 0.9, "not_a_request": 0.1}, ("deletion", "access")),
        ({"access": 0.4, "deletion": 0.3, "not_a_request": 0.1}, ("access",)),
        ({"access": 0.4, "deletion": 0.3, "not_a_request": 0.5}, ("not_a_request",)),
        ({"access": 0.6, "not_a_request": 0.9}, ("not_a_request",)),
        ({"access": 0.0, "not_a_request": 0.0}, ("not_a_request",)),
    ],
)
def test_kinds_are_never_empty_and_best_first(likely, kinds):
    assert named(likely, AT) == kinds


def test_only_a_request_that_is_all_but_certain_needs_no_person():
    def decision(exact, kinds):
        return decided(Judged(likely={}, exact=exact), kinds, AT)

    assert decision(0.96, ("access",)) == "auto"
    assert decision(0.94, ("access",)) == "triage"
    assert decision(0.99, ("not_a_request",)) == "triage"


def test_a_small_chance_of_any_kind_is_a_sign():
    assert signs({"access": 0.16, "not_a_request": 0.9})
    assert not signs({"access": 0.14, "not_a_request": 0.9})
