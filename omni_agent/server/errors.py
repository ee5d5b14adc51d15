"""What a client is told when it did not work, in the shape that OpenAI's SDKs read.

Source of the shape: `openai` 3.54, `_exceptions.py`: `error` with `message`, `type`, `param`, `code`.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse

from ..errors import InputError, MemoryStoreError, ModelUnavailable, OmniError
from ..messages import JsonObject

_STATUS: tuple[tuple[type[OmniError], int], ...] = (
    (InputError, 400),
    (ModelUnavailable, 503),
    (MemoryStoreError, 503),
)
_KINDS = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


class ApiError(Exception):
    """A request that is answered by an error.

    Args:
        message: What is wrong, and what to do about it.
        status: HTTP status.
        code: Stable; programs compare it.
        param: Which field of the request it is about.
        headers: To send along, such as `Retry-After`.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        code: str | None = None,
        param: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.param = param
        self.headers = headers or {}

    @classmethod
    def of(cls, error: OmniError) -> ApiError:
        """What one of our errors is to a client."""
        status = next((number for kind, number in _STATUS if isinstance(error, kind)), 500)
        return cls(str(error), status=status, code=error.code)

    @property
    def body(self) -> JsonObject:
        """`{"error": {...}}`."""
        return {"error": error_body(self.message, status=self.status, code=self.code, param=self.param)}


def error_body(
    message: str, *, status: int = 400, code: str | None = None, param: str | None = None
) -> JsonObject:
    """The inside of an error's body."""
    return {"message": message, "type": _kind(status), "param": param, "code": code}


def _kind(status: int) -> str:
    return _KINDS.get(status, "server_error" if status >= 500 else "invalid_request_error")


async def on_api_error(request: Request, error: Exception) -> JSONResponse:
    """Starlette's handler of `ApiError` and `OmniError`."""
    told = ApiError.of(error) if isinstance(error, OmniError) else error
    assert isinstance(told, ApiError)
    return JSONResponse(told.body, told.status, told.headers)
