"""What stands after `transformers:`: a folder or repository, and how it is to be loaded."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, get_args
from urllib.parse import parse_qsl

from ...errors import ConfigError

Dtype = Literal["auto", "bfloat16", "float16", "float32"]
_EXAMPLE = "such as transformers:Qwen/Qwen2.5-Omni-3B?device=cuda&bits=4&talker=off"
_DTYPES: dict[str, Dtype] = {name: name for name in get_args(Dtype)}
_CLIPS: dict[str, Literal["auto", "pictures"]] = {"auto": "auto", "pictures": "pictures"}
_SWITCH = {"on": True, "off": False}


@dataclass(frozen=True, slots=True)
class Options:
    """How a checkpoint is loaded.

    Attributes:
        source: A folder, or `owner/name` on the Hugging Face hub.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps` or another that torch knows.
        dtype: Of the weights; `auto` keeps that of the files where the device can compute with it.
        bits: 4 quantises while loading, by bitsandbytes; 0 leaves the weights as they are.
        talker: Off leaves out the part that speaks: about 10 GB less of Qwen3-Omni-30B-A3B and 2 GB less of
            Qwen2.5-Omni-7B (their READMEs).
        attention: How attention is computed; `auto` takes FlashAttention 2 where it is installed and can be
            used, else torch's own.
        memory: Off loads without an estimate of what is needed.
        seconds: Most speech of one answer; a talker that derails would go on to its limit of 4096 frames.
        clips: `auto` hands clips over whole where torchvision is installed; `pictures` always samples them.
    """

    source: str
    device: str = "auto"
    dtype: Dtype = "auto"
    bits: Literal[0, 4] = 0
    talker: bool = True
    attention: str = "auto"
    memory: bool = True
    seconds: int = 300
    clips: Literal["auto", "pictures"] = "auto"

    @classmethod
    def parse(cls, address: str) -> Options:
        """Read `PATH_OR_REPO` or `PATH_OR_REPO?device=cuda&dtype=bfloat16&bits=4&talker=off`.

        Raises:
            ConfigError: There is no source, or an option or its value is unknown.
        """
        source, _, query = address.partition("?")
        if not source.strip():
            raise ConfigError("transformers: needs a folder or repository", remedy=_EXAMPLE)
        given = dict(parse_qsl(query, keep_blank_values=True))
        known = {field.name for field in fields(cls)} - {"source"}
        if unknown := sorted(given.keys() - known):
            raise _wrong(f"'{unknown[0]}' is no option", f"options are: {', '.join(sorted(known))}")
        bits = given.get("bits", "0")
        dtype = _DTYPES.get(given.get("dtype", "auto"))
        if dtype is None:
            raise _wrong(f"dtype={given['dtype']}", f"one of: {', '.join(_DTYPES)}")
        if bits not in ("0", "4"):
            raise _wrong(f"bits={bits}", "4, or 0 for none; other sizes come as checkpoints of their own")
        seconds = given.get("seconds", "300")
        if not (seconds.isascii() and seconds.isdigit() and int(seconds) > 0):
            raise _wrong(f"seconds={seconds}", "a whole number of seconds")
        clips = _CLIPS.get(given.get("clips", "auto"))
        if clips is None:
            raise _wrong(f"clips={given['clips']}", "auto or pictures")
        return cls(
            source.strip(),
            device=given.get("device") or "auto",
            dtype=dtype,
            bits=4 if bits == "4" else 0,
            talker=_switch("talker", given),
            attention=given.get("attention") or "auto",
            memory=_switch("memory", given),
            seconds=int(seconds),
            clips=clips,
        )


def _switch(name: str, given: dict[str, str]) -> bool:
    value = given.get(name, "on")
    if value not in _SWITCH:
        raise _wrong(f"{name}={value}", "on or off")
    return _SWITCH[value]


def _wrong(what: str, remedy: str) -> ConfigError:
    return ConfigError(f"after transformers: stands {what}", remedy=remedy)
