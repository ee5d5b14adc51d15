"""Models behind a realtime WebSocket: DashScope's Qwen-Omni, and OpenAI's protocol.

`profile.py` says what is known of each service, `model.py` is the model. Below it: `session.py` one session,
`held.py` what its server holds, `sending.py` what goes there, `answer.py` what comes, `socket.py` the wire.
"""

from .limits import Limits
from .model import RealtimeModel
from .profile import DASHSCOPE_35, DASHSCOPE_38, DASHSCOPE_FLASH, OPENAI, Profile, dashscope_profile

__all__ = [
    "DASHSCOPE_35",
    "DASHSCOPE_38",
    "DASHSCOPE_FLASH",
    "OPENAI",
    "Limits",
    "Profile",
    "RealtimeModel",
    "dashscope_profile",
]
