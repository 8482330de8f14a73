"""A disk that dies between any two calls, as a kill -9 would have it."""

from collections.abc import Callable, Iterator
from pathlib import Path

from storage.disk import Disk


class Killed(BaseException):
    """Not an Exception: nothing tidies up after a kill -9."""


class Dying(Disk):
    """Lets so many calls through, then dies before the next."""

    def __init__(self, calls: int) -> None:
        self._left = calls

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise Killed

    def open(self, path: Path, *, append: bool = True) -> int:
        self._count()
        return super().open(path, append=append)

    def write(self, fd: int, data: memoryview) -> int:
        self._count()
        return super().write(fd, data)

    def sync(self, fd: int) -> None:
        self._count()
        super().sync(fd)

    def rename(self, path: Path, target: Path) -> None:
        self._count()
        super().rename(path, target)

    def sync_folder(self, path: Path) -> None:
        self._count()
        super().sync_folder(path)


def deaths(run: Callable[[Disk], object]) -> Iterator[int]:
    """Each number of calls after which `run` dies, until it lives through."""
    for calls in range(1000):
        try:
            run(Dying(calls))
        except Killed:
            yield calls
        else:
            assert calls > 5
            return
