"""The whole error tree. Each message is one sentence that names the thing and the way out.

DeskError
├── SettingsError       settings that cannot be used; lists every fault at once
├── UnknownReference    no case, mail or message of that name
├── Refused             a person asked for something the rules do not allow
├── KeyFileError        the master key file is missing, unsafe or wrong
└── StoreError
    ├── Conflict        somebody else changed the record first; read again and decide anew
    ├── StoreMissing    nothing of a desk is there yet; `desk run` makes it
    ├── StoreBusy       another desk has this data open
    ├── StoreDamaged    what is on disk is not what we wrote
    ├── StoreFull       no room to write; nothing was kept of this commit
    ├── StoreAway       the database does not answer; what was asked may or may not be kept
    └── StoreFailed     a sync failed: what is on disk is unknown until the next start
"""


class DeskError(Exception):
    """Anything of ours that a person should read."""


class SettingsError(DeskError):
    """Settings that cannot be used."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class UnknownReference(DeskError):
    """No case, mail or message of that name."""


class Refused(DeskError):
    """A person asked for something the rules do not allow."""


class KeyFileError(DeskError):
    """The master key file is missing, unsafe or wrong."""


class StoreError(DeskError):
    """The store could not do its work."""


class Conflict(StoreError):
    """Somebody else changed the record first."""


class StoreMissing(StoreError):
    """Nothing of a desk is there yet, or not in this version's form."""


class StoreBusy(StoreError):
    """Another desk has this data open."""


class StoreDamaged(StoreError):
    """What is on disk is not what we wrote."""


class StoreFull(StoreError):
    """No room to write; nothing was kept of this commit."""


class StoreAway(StoreError):
    """The database does not answer: whoever asked asks again, from what is stored by then."""


class StoreFailed(StoreError):
    """A sync failed: what is on disk is unknown until the next start."""
