"""Turns that the model's service tells, in place of the detector and the judgement here."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ..events import ErrorRaised

if TYPE_CHECKING:
    from ..errors import ModelError
    from ..models.base import OmniModel, TellsTurns
    from ..speech.turn_end.service import TurnService


def service_of(model: OmniModel) -> TurnService | None:
    """What tells the turns of a conversation with this model; None where that is judged here."""
    if not model.capabilities.tells_turns:
        return None
    return cast("TellsTurns", model).turn_service()


def lost(error: ModelError) -> ErrorRaised:
    """The note that the service cannot be had, and that the conversation goes on."""
    told = f"turns are judged here, because the service does not tell them: {error.message}"
    return ErrorRaised(error.code, told, error.remedy, severity="note")
