"""How does Twilio say no?  A status, a code of its own, and a sentence."""

from typing import Any


class TwilioError(Exception):
    """A refusal: HTTP `status` and Twilio's `code` for it."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def body(self) -> dict[str, Any]:
        """Return the JSON body of the answer."""
        return {
            "code": self.code,
            "message": str(self),
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }


def invalid(name: str, value: str, expected: str) -> TwilioError:
    """Return the refusal of a parameter."""
    return TwilioError(400, 20001, f"Invalid value for {name}: expected {expected}, got '{value}'")


def not_found(path: str) -> TwilioError:
    """Return the answer to a path where nothing is."""
    return TwilioError(404, 20404, f"The requested resource {path} was not found")


UNAUTHORIZED = (401, 20003, "Authenticate")
TOO_MANY_REQUESTS = (429, 20429, "Too Many Requests")
METHOD_NOT_ALLOWED = (405, 20004, "Method not allowed")
