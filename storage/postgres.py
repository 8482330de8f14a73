"""The store in PostgreSQL: several processes may share it, on several machines.

A commit is one transaction: the records by compare and set, then the line of its chain, whose
head is locked last and so for the shortest time. Keys are locked first, rows in one order, the
head last: nobody waits in a circle. What is read is committed; nothing is kept in memory.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from functools import partial
from itertools import batched
from typing import Any, TypeVar

import msgspec
