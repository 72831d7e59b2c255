"""The ways in which a request can fail. Each carries one clear Vietnamese sentence for the person who asked."""


class Trouble(Exception):
    """Base: `message` is shown to the person as it is."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotAllowed(Trouble):
    """The person has no right to this (HTTP 403)."""


class NotFound(Trouble):
    """No such thing, or none that this person may know of (HTTP 404)."""


class BadInput(Trouble):
    """The request itself is wrong (HTTP 422); `field` names the input that should be mended."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class Conflict(Trouble):
    """The thing is no longer in the state that the person saw (HTTP 409)."""


class TooMany(Trouble):
    """Too many attempts; wait (HTTP 429)."""
