"""The entry points: `realtime+dashscope:MODEL`, `realtime+openai:MODEL`.

In place of the model an address may stand, with the model behind a `#`: a region's, a workspace's, or that of
a server of one's own that speaks the same protocol: `realtime+openai:ws://127.0.0.1:8000/v1/realtime#my-model`.
Behind a `?` stand options: `key` is the name of its key, `turns` says what ends the user's turns in a live
conversation (`local`, `server`, `semantic`): `realtime+openai:gpt-realtime?turns=semantic`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit

from ...config import Settings
from ...errors import ConfigError
from ..keys import Key, named
from .model import RealtimeModel
from .profile import OPENAI, Detection, Profile, dashscope_profile

_OURS = ("key", "turns")


@dataclass(frozen=True, slots=True)
class _Address:
    """An address, read.

    Attributes:
        url: `ws://` or `wss://`; empty for the service's own.
        model: Its name; empty for the profile's own.
        options: What of the query is meant for us.
    """

    url: str
    model: str
    options: dict[str, str] = field(default_factory=dict)


def dashscope(settings: Settings, address: str = "") -> RealtimeModel:
    """A Qwen-Omni model of Alibaba Cloud Model Studio.

    Raises:
        ConfigError: The address is none, or an option in it is wrong.
    """
    given = _read(address)
    return _made(dashscope_profile(given.model), given)


def openai(settings: Settings, address: str = "") -> RealtimeModel:
    """A model of OpenAI, or of a server that speaks its Realtime protocol.

    Raises:
        ConfigError: The address is none, or an option in it is wrong.
    """
    return _made(OPENAI, _read(address))


def _made(profile: Profile, given: _Address) -> RealtimeModel:
    key = Key(named(given.options["key"])) if "key" in given.options else None
    turns = _turns(profile, given.options.get("turns", "local"))
    return RealtimeModel(profile, given.model, url=given.url, key=key, turns=turns)


def _turns(profile: Profile, wanted: str) -> Detection | None:
    """What ends the user's turns; None for what is here."""
    for detection in profile.detects:
        if wanted == detection:
            return detection
    if wanted != "local":
        known = ", ".join(("local", *profile.detects))
        raise ConfigError(
            f"{profile.title} has no turns={wanted} for this model", remedy=f"there are: {known}"
        )
    return None


def _read(address: str) -> _Address:
    if "://" not in address:
        model, _, query = address.strip().partition("?")
        options = dict(parse_qsl(query, keep_blank_values=True))
        if unknown := set(options) - set(_OURS):
            raise ConfigError(
                f"'{min(unknown)}' is no option of a realtime model", remedy=f"there are: {', '.join(_OURS)}"
            )
        return _Address("", model.strip(), options)
    parts = urlsplit(address.strip())
    if parts.username or parts.password:
        raise ConfigError(
            f"the address of {parts.hostname} holds a password", remedy="set the key in the environment"
        )
    if parts.scheme not in {"ws", "wss"} or not parts.hostname:
        raise ConfigError("a realtime address begins with ws:// or wss://", remedy="wss://HOST/PATH#MODEL")
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    rest = urlencode([pair for pair in pairs if pair[0] not in _OURS])
    url = parts._replace(fragment="", query=rest).geturl()
    return _Address(url, parts.fragment, {name: value for name, value in pairs if name in _OURS})
