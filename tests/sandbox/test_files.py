"""Files as Slack takes them: a place for the bytes, then shared once; never without the scope."""

import pytest
from slack_sdk.errors import SlackApiError

PICTURE = b"\x89PNG not really"


@pytest.fixture
def scoped(world):
    """A workspace where the app may write files."""
    world.sandbox.parts.scopes += ("files:write", "files:read")
    return world


async def place(world, length: int = len(PICTURE)) -> dict:
    return (
        await world.client.files_getUploadURLExternal(
            filename="open.png", length=length, alt_txt="Open requests by days left"
        )
    ).data


async def test_a_file_needs_its_scope(world):
    with pytest.raises(SlackApiError, match="missing_scope"):
        await place(world)


async def test_the_sdks_own_upload_works_and_the_file_is_shared(scoped):
    shared = await scoped.client.files_upload_v2(
        channel="C01STAFF", filename="open.png", content=PICTURE, initial_comment="The chart."
    )
    (message,) = scoped.sandbox.parts.workspace.messages["C01STAFF"].values()
    assert message["text"] == "The chart."
    assert [file["id"] for file in message["files"]] == [shared["file"]["id"]]


async def test_bytes_must_be_as_announced_and_come_once(scoped):
    given = await place(scoped, 3)
    for content, status in ((PICTURE, 400), (b"abc", 200), (b"abc", 400)):
        async with scoped.session.post(given["upload_url"], data=content) as answer:
            assert answer.status == status


async def test_a_file_is_completed_once_and_where_the_app_is(scoped):
    given = await place(scoped)
    files = [{"id": given["file_id"], "title": "open"}]
    with pytest.raises(SlackApiError, match="invalid_arguments"):  # nothing was put there yet
        await scoped.client.files_completeUploadExternal(files=files)
    await scoped.session.post(given["upload_url"], data=PICTURE)
    with pytest.raises(SlackApiError, match="channel_not_found"):
        await scoped.client.files_completeUploadExternal(files=files, channel_id="C99")
    await scoped.client.files_completeUploadExternal(files=files)
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        await scoped.client.files_completeUploadExternal(files=files)
    info = await scoped.client.files_info(file=given["file_id"])
    assert (info["file"]["channels"], info["file"]["size"]) == ([], len(PICTURE))


async def test_a_deleted_file_is_gone_from_its_message(scoped):
    shared = await scoped.client.files_upload_v2(
        channel="C01STAFF", filename="open.png", content=PICTURE, initial_comment="The chart."
    )
    await scoped.client.files_delete(file=shared["file"]["id"])
    (message,) = scoped.sandbox.parts.workspace.messages["C01STAFF"].values()
    assert message["files"] == []
    with pytest.raises(SlackApiError, match="file_not_found"):
        await scoped.client.files_info(file=shared["file"]["id"])
