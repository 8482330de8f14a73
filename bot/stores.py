"""Opening the store that the settings name. Light to import: most commands need nothing else."""

from bot.settings import Settings
from storage.embedded import EmbeddedStore, open_store
from storage.errors import SettingsError, StoreError
from storage.opening import is_new
from storage.sealing import MasterKey


async def open_for_reading(settings: Settings) -> EmbeddedStore:
    """The store as it is now, beside a running desk. Raises KeyFileError, StoreError."""
    must_exist(settings)
    return await open_store(settings.data, master_of(settings), read_only=True)


async def open_for_writing(settings: Settings) -> EmbeddedStore:
    """The store, for this process alone. Raises SettingsError, KeyFileError, StoreError."""
    return await open_store(settings.data, master_of(settings))


def must_exist(settings: Settings) -> None:
    """Raises StoreError where no desk has kept anything: a command must not make an empty one."""
    if is_new(settings.data):
        raise StoreError(
            f"There is no desk's data in {settings.data}; set DESK_DATA to where it is."
        )


def master_of(settings: Settings) -> MasterKey:
    """Raises SettingsError, KeyFileError."""
    if settings.key_file is None:
        raise SettingsError(
            ("DESK_MASTER_KEY_FILE is not set: without the key nothing can be read.",)
        )
    return MasterKey.load(settings.key_file)
