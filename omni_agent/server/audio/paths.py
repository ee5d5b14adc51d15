"""The paths of sound."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ..api.described import described
from ..errors import ApiError
from .speech import speech
from .transcriptions import transcriptions


@described("Translate a recording", tag="Audio")
async def translations(request: Request) -> Response:
    """Refused with 400: our ears write down what is said, in its own language.

    Raises:
        ApiError: Always.
    """
    raise ApiError(
        "sound is not translated here: transcribe it, and ask an agent to translate the words",
        code="translations_unsupported",
    )


def paths() -> list[BaseRoute]:
    """All of them."""
    return [
        Route("/v1/audio/speech", speech, methods=["POST"]),
        Route("/v1/audio/transcriptions", transcriptions, methods=["POST"]),
        Route("/v1/audio/translations", translations, methods=["POST"]),
    ]
