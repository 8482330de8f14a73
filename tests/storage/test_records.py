import re
from datetime import timedelta

from storage.records import new_id
from tests.storage.making import NOW


def test_ids_sort_by_time_and_differ_in_one_moment() -> None:
    earlier, later = new_id(NOW), new_id(NOW + timedelta(milliseconds=1))
    assert re.fullmatch(r"[0-9a-f]{20}", earlier)
    assert earlier < later
    assert len({new_id(NOW) for _ in range(100)}) == 100
