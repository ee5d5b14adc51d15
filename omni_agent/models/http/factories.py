"""What the entry points call: a model of each dialect, made of settings and an address."""

from __future__ import annotations

import os
from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, get_args

from ...errors import ConfigError
from ...senses import Senses
from ..base import Capabilities, Modality
from ..keys import Key, named
from . import dialects
from .address import Address
from .dialect import Dialect
from .model import HttpModel, Manner

if TYPE_CHECKING:
    from ...config import Settings

_HOSTS = {"openai": "OPENAI_BASE_URL", "ollama": "OLLAMA_HOST"}
"""Where these services' own clients look for another address."""

_OPTIONS = ("inputs", "context", "speech", "single", "thinking", "key")
_YES, _NO = frozenset({"", "1", "yes", "true", "on"}), frozenset({"0", "no", "false", "off"})
_ENGINES = {"ears": ("faster_whisper",), "eyes": ("rapidocr",), "voice": ("piper", "kokoro_onnx")}


def made(dialect: Dialect, settings: Settings, address: str = "") -> HttpModel:
    """A model of the dialect; nothing is asked of its server yet.

    Args:
        dialect: Of the server.
        settings: For the senses that it lacks.
        address: See `Address`. Options: `inputs` (text, audio, image, video), `context` (tokens), `speech`,
            `single` and `thinking` (yes or no), `key` (its name, where it is not the dialect's usual one).

    Raises:
        ConfigError: The address or an option in it is wrong.
    """
    given = Address.parse(address, dialect.path)
    if not given.url:
        given = replace(given, url=_host(dialect))
    own = _with_options(dialect, given)
    manner = Manner(_yes(given, "single", usual=False), _yes(given, "thinking", usual=False))
    senses = borrowed(own.capabilities, settings)
    return HttpModel(own, given, key=_key(dialect, given), senses=senses, manner=manner)


def borrowed(lacking: Capabilities, settings: Settings) -> Senses:
    """The local senses for what a model lacks, as far as they are installed; they load when first used."""
    wanted = {
        "ears": "audio" not in lacking.inputs,
        "eyes": "image" not in lacking.inputs,
        "voice": not lacking.speech,
    }
    found = {
        name: need and all(find_spec(engine) is not None for engine in _ENGINES[name])
        for name, need in wanted.items()
    }
    if not any(found.values()):
        return Senses()
    from ..cascade import local

    senses = local(settings).senses
    return Senses(
        ears=senses.ears if found["ears"] else None,
        eyes=senses.eyes if found["eyes"] else None,
        voice=senses.voice if found["voice"] else None,
    )


def _key(dialect: Dialect, address: Address) -> Key | str:
    """The key by its name; a server on this machine that needs none is no reason to open the keyring."""
    if "key" in address.options:
        return Key(named(address.options["key"]))
    return Key(dialect.key, keyring=dialect.key_needed or not address.here) if dialect.key else ""


def _host(dialect: Dialect) -> str:
    """The dialect's usual address, or the one in the environment."""
    host = os.environ.get(_HOSTS.get(dialect.name, ""), "").strip()
    if not host:
        return dialect.base
    # A server listens at 0.0.0.0; nobody can be reached there.
    host = host.replace("0.0.0.0", "127.0.0.1")
    return Address.parse(host if "://" in host else f"http://{host}", dialect.path).url


def _with_options(dialect: Dialect, address: Address) -> Dialect:
    unknown = set(address.options) - set(_OPTIONS)
    if unknown:
        raise ConfigError(
            f"'{min(unknown)}' is no option of a server's address", remedy=f"there are: {', '.join(_OPTIONS)}"
        )
    able = dialect.capabilities
    if "inputs" in address.options:
        able = replace(able, inputs=_inputs(address.options["inputs"]))
    if "context" in address.options:
        able = replace(able, context_tokens=_tokens(address.options["context"]))
    if able.speech and not _yes(address, "speech", usual=True):
        able = replace(able, speech=False, streams_speech=False, voices=(), speech_rate=0)
    return replace(dialect, capabilities=able)


def _inputs(text: str) -> frozenset[Modality]:
    known: dict[str, Modality] = {name: name for name in get_args(Modality)}
    named = [word.strip() for word in text.split(",") if word.strip()]
    if wrong := [word for word in named if word not in known]:
        raise ConfigError(f"'{wrong[0]}' is no kind of input", remedy=f"there are: {', '.join(known)}")
    return frozenset({"text", *(known[word] for word in named)})


def _tokens(text: str) -> int:
    if not text.isdigit() or int(text) < 512:
        raise ConfigError(f"'{text}' is no length of a context", remedy="write tokens: context=32768")
    return int(text)


def _yes(address: Address, name: str, *, usual: bool) -> bool:
    given = address.options.get(name)
    if given is None:
        return usual
    if given.lower() not in _YES | _NO:
        raise ConfigError(f"'{name}={given}' is neither yes nor no", remedy=f"write {name}=yes or {name}=no")
    return given.lower() in _YES


def vllm_omni(settings: Settings, address: str = "") -> HttpModel:
    """A model that vLLM-Omni serves: it hears, sees and speaks."""
    return made(dialects.VLLM_OMNI, settings, address)


def vllm(settings: Settings, address: str = "") -> HttpModel:
    """A model that vLLM serves: it hears and sees; the local voice speaks."""
    return made(dialects.VLLM, settings, address)


def sglang_omni(settings: Settings, address: str = "") -> HttpModel:
    """A model that SGLang-Omni serves: it hears, sees and speaks; tools go through its prompt."""
    return made(dialects.SGLANG_OMNI, settings, address)


def dashscope(settings: Settings, address: str = "") -> HttpModel:
    """A Qwen-Omni of Alibaba's Model Studio: it hears, sees and speaks."""
    return made(dialects.DASHSCOPE, settings, address)


def openai(settings: Settings, address: str = "") -> HttpModel:
    """An audio model of OpenAI's Chat Completions, or of a server that has the same: it hears and speaks."""
    return made(dialects.OPENAI, settings, address)


def llama_cpp(settings: Settings, address: str = "") -> HttpModel:
    """A model that llama.cpp's server serves: it hears and sees; the local voice speaks."""
    return made(dialects.LLAMA_CPP, settings, address)


def transformers_serve(settings: Settings, address: str = "") -> HttpModel:
    """A model behind `transformers serve`: it hears and sees; the local voice speaks."""
    return made(dialects.TRANSFORMERS, settings, address)


def ollama(settings: Settings, address: str = "") -> HttpModel:
    """A model that Ollama serves: it reads; local ears, eyes and voice do the rest."""
    return made(dialects.OLLAMA, settings, address)
