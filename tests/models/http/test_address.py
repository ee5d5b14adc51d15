"""Addresses, and models made of them."""

from __future__ import annotations

import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from omni_agent.config import Settings
from omni_agent.errors import ConfigError
from omni_agent.models.base import Capabilities, OmniModel
from omni_agent.models.http import dialects, factories
from omni_agent.models.http.address import Address
from omni_agent.models.http.factories import borrowed
from omni_agent.models.http.model import HttpModel

FACTORIES = {
    "vllm-omni": factories.vllm_omni,
    "vllm": factories.vllm,
    "sglang-omni": factories.sglang_omni,
    "dashscope": factories.dashscope,
    "openai": factories.openai,
    "llama.cpp": factories.llama_cpp,
    "transformers-serve": factories.transformers_serve,
    "ollama": factories.ollama,
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for dialect in dialects.DIALECTS.values():
        monkeypatch.delenv(dialect.key or "NOTHING", raising=False)
    for name in ("OPENAI_BASE_URL", "OLLAMA_HOST"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("text", "url", "model"),
    [
        ("http://localhost:8091", "http://localhost:8091/v1", ""),
        ("http://localhost:8091/", "http://localhost:8091/v1", ""),
        ("http://localhost:8091/v1/", "http://localhost:8091/v1", ""),
        ("http://localhost:8091/v1/chat/completions", "http://localhost:8091/v1", ""),
        ("https://gate/omni/v1#Qwen/Qwen3-Omni", "https://gate/omni/v1", "Qwen/Qwen3-Omni"),
        ("http://[::1]:8000#m", "http://[::1]:8000/v1", "m"),
        ("qwen3-omni-flash-2025-12-01", "", "qwen3-omni-flash-2025-12-01"),
        ("qwen3:4b", "", "qwen3:4b"),
        ("", "", ""),
    ],
)
def test_an_address_names_a_server_or_a_model_or_both(text: str, url: str, model: str) -> None:
    address = Address.parse(text)
    assert (address.url, address.model, dict(address.options)) == (url, model, {})


def test_options_stand_behind_a_question_mark() -> None:
    assert Address.parse("http://h?inputs=text,image&single=yes#m").options == {
        "inputs": "text,image",
        "single": "yes",
    }
    assert Address.parse("qwen3:4b?context=4096").options == {"context": "4096"}


@pytest.mark.parametrize("text", ["ftp://h", "http://", "http://h:port", "http://h:99999", "ws://h"])
def test_what_is_no_address_of_a_server_is_an_error(text: str) -> None:
    with pytest.raises(ConfigError, match="no address"):
        Address.parse(text)


def test_a_password_in_an_address_is_refused_without_being_told() -> None:
    with pytest.raises(ConfigError) as raised:
        Address.parse("https://me:hunter2@host/v1")
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://localhost:1", True),
        ("http://127.0.0.1:1", True),
        ("http://[::1]:1", True),
        ("http://far", False),
    ],
)
def test_a_server_on_this_machine_is_known(url: str, here: bool) -> None:
    assert Address.parse(url).here is here


@pytest.mark.parametrize("name", sorted(FACTORIES))
def test_every_dialect_has_an_entry_point_that_makes_a_model(name: str) -> None:
    pyproject = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8"))
    value = pyproject["project"]["entry-points"]["omni_agent.models"][name]
    factory = EntryPoint(name, value, "omni_agent.models").load()
    assert factory is FACTORIES[name]
    for model in (factory(Settings()), factory(Settings(), "http://localhost:1#m")):
        assert isinstance(model, OmniModel)
        assert isinstance(model, HttpModel)
        assert model.capabilities == dialects.DIALECTS[name].capabilities


def test_capabilities_are_those_of_the_dialect_and_of_the_options() -> None:
    settings = Settings()
    assert factories.vllm_omni(settings).capabilities.voices == ("Ethan", "Chelsie", "Aiden")
    silent = factories.vllm_omni(settings, "http://h?speech=no").capabilities
    assert (silent.speech, silent.streams_speech, silent.voices, silent.speech_rate) == (False, False, (), 0)
    seeing = factories.ollama(settings, "qwen3-vl:4b?inputs=image&context=4096").capabilities
    assert (seeing.inputs, seeing.context_tokens) == (frozenset({"text", "image"}), 4096)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("voice=x", "'voice' is no option"),
        ("inputs=smell", "'smell' is no kind"),
        ("context=long", "'long' is no length"),
        ("single=perhaps", "neither yes nor no"),
    ],
)
def test_a_wrong_option_is_an_error(options: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        factories.vllm(Settings(), f"http://h?{options}")


def test_services_own_variables_name_another_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "0.0.0.0:11500")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://gate.example/v1")
    assert "'http://127.0.0.1:11500'" in repr(factories.ollama(Settings(), "m"))
    assert "'https://gate.example/v1'" in repr(factories.openai(Settings()))
    assert "'http://other/v1'" in repr(factories.openai(Settings(), "http://other"))


def test_local_senses_do_what_a_dialect_lacks_and_only_where_they_are_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed = {"faster_whisper", "rapidocr", "piper", "kokoro_onnx"}
    monkeypatch.setattr(factories, "find_spec", lambda name: name if name in installed else None)
    deaf_and_mute, mute = Capabilities(), Capabilities(inputs=frozenset({"text", "audio", "image"}))
    all_three = borrowed(deaf_and_mute, Settings())
    assert all_three.ears
    assert all_three.eyes
    assert all_three.voice
    voice_only = borrowed(mute, Settings())
    assert (voice_only.ears, voice_only.eyes) == (None, None)
    assert voice_only.voice
    omni = borrowed(dialects.VLLM_OMNI.capabilities, Settings())
    assert (omni.ears, omni.eyes, omni.voice) == (None, None, None)
    installed.discard("faster_whisper")
    assert borrowed(deaf_and_mute, Settings()).ears is None
    installed.clear()
    nothing = borrowed(deaf_and_mute, Settings())
    assert (nothing.ears, nothing.eyes, nothing.voice) == (None, None, None)
