"""A dict of what is worked on, which knows where to ask for all the rest."""

from collections.abc import Callable
from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Layered(dict[Key, Value]):
    """Who looks with `[]` is told of what lies behind, too; all else is about the dict alone."""

    def __init__(self, behind: Callable[[Key], Value]) -> None:
        super().__init__()
        self._behind = behind

    def __missing__(self, key: Key) -> Value:
        return self._behind(key)
