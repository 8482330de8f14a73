"""What a transport tells the outbox when a message did not go."""


class SendLater(Exception):
    """It may work later: try again after `after` seconds."""

    def __init__(self, error: str, after: float) -> None:
        super().__init__(error)
        self.error = error
        self.after = after


class SendFailed(Exception):
    """It will never work; a person has to look."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error
