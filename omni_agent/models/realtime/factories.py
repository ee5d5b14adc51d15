"""The entry points: `realtime+dashscope:MODEL`, `realtime+openai:MODEL`.

In place of the model an address may stand, with the model behind a `#`: a region's, a workspace's, or that of
a server of one's own that speaks the same protocol: `realtime+openai:ws://127.0.0.1:8000/v1/realtime#my-model`.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from ...config import Settings
from ...errors import ConfigError
from .model import RealtimeModel
from .profile import OPENAI, Profile, dashscope_profile


def dashscope(settings: Settings, address: str = "") -> RealtimeModel:
    """A Qwen-Omni model of Alibaba Cloud Model Studio.

    Raises:
        ConfigError: The address is none.
    """
    url, model = _read(address)
    return _made(dashscope_profile(model), url, model)


def openai(settings: Settings, address: str = "") -> RealtimeModel:
    """A model of OpenAI, or of a server that speaks its Realtime protocol.

    Raises:
        ConfigError: The address is none.
    """
    return _made(OPENAI, *_read(address))


def _made(profile: Profile, url: str, model: str) -> RealtimeModel:
    return RealtimeModel(profile, model, url=url)


def _read(address: str) -> tuple[str, str]:
    """URL and model; either may be empty."""
    if "://" not in address:
        return "", address.strip()
    parts = urlsplit(address.strip())
    if parts.username or parts.password:
        raise ConfigError(
            f"the address of {parts.hostname} holds a password", remedy="set the key in the environment"
        )
    if parts.scheme not in {"ws", "wss"} or not parts.hostname:
        raise ConfigError("a realtime address begins with ws:// or wss://", remedy="wss://HOST/PATH#MODEL")
    return parts._replace(fragment="").geturl(), parts.fragment
