"""The content of DATA in pieces: wherever a piece ends, the mail is the same."""

import asyncio

import pytest

from intake.content import Content, NotTaken


async def taken(data: bytes, limit: int, max_size: int = 1000) -> bytes:
    reader = asyncio.StreamReader(limit=limit)
    content = Content(reader, max_size, lambda _: True)
    reading = asyncio.create_task(content.read())
    for byte in data:
        reader.feed_data(bytes([byte]))
        await asyncio.sleep(0)
    return await reading


@pytest.mark.parametrize("limit", [6, 7, 8, 13])
@pytest.mark.parametrize("before", range(16))
async def test_a_doubled_dot_is_one_wherever_a_piece_ends(before, limit):
    start = b"x" * before
    sent = start + b"\r\n..y\r\n.z\r\n\r\n..\r\n\r.\n.\r\n.\r\n"
    assert await taken(sent, limit) == start + b"\r\n.y\r\nz\r\n\r\n.\r\n\r.\n.\r\n"


@pytest.mark.parametrize("before", range(16))
async def test_the_size_is_that_of_the_mail_and_not_of_its_dots(before):
    sent = b"x" * before + b"\r\n..\r\n.\r\n"
    assert len(await taken(sent, 6, max_size=before + 5)) == before + 5
    with pytest.raises(NotTaken, match=r"^552"):
        await taken(sent, 6, max_size=before + 4)
