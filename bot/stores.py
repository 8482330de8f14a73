"""Opening the store that the settings name. Light to import: most commands need nothing else."""

from bot.settings import Settings
from storage.embedded import open_store
from storage.errors import SettingsError, StoreError, StoreMissing
from storage.opening import is_new
from storage.sealing import MasterKey
from storage.store import Store


async def open_for_reading(settings: Settings) -> Store:
    """The store as it is now, beside a running desk. Raises SettingsError, KeyFileError,
    StoreMissing, StoreError."""
    if settings.database_url:
        from storage.postgres.store import open_postgres

        return await open_postgres(settings.database_url, master_of(settings), read_only=True)
    must_exist(settings)
    return await open_store(settings.data, master_of(settings), read_only=True)


async def open_for_writing(settings: Settings) -> Store:
    """The store; its files are for this process alone. Raises SettingsError, KeyFileError,
    StoreError."""
    if settings.database_url:
        from storage.postgres.store import open_postgres

        return await open_postgres(settings.database_url, master_of(settings))
    return await open_store(settings.data, master_of(settings))


def must_exist(settings: Settings) -> None:
    """Raises StoreMissing where no desk has kept anything: a command must not make an empty one."""
    if is_new(settings.data):
        raise StoreMissing(
            f"There is no desk's data in {settings.data}; set DESK_DATA to where it is."
        )


def must_be_files(settings: Settings) -> None:
    """Raises StoreError: what works on the files of DESK_DATA would work on the wrong ones."""
    if settings.database_url:
        raise StoreError(
            "DESK_DATABASE_URL is set, and this works on files: use PostgreSQL's own tools "
            "(docs/postgresql.md), or unset it."
        )


def master_of(settings: Settings) -> MasterKey:
    """Raises SettingsError, KeyFileError."""
    if settings.key_file is None:
        raise SettingsError(
            ("DESK_MASTER_KEY_FILE is not set: without the key nothing can be read.",)
        )
    return MasterKey.load(settings.key_file)
