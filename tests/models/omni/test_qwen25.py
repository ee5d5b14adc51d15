"""A tiny Qwen2.5-Omni with random weights, through transformers' real `generate`."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from omni_agent.errors import ModelUnavailable
from omni_agent.events import Usage
from omni_agent.media import MediaStore
from omni_agent.messages import Audio, Image, Message, Text
from omni_agent.models.base import Done, SpeechDelta, TextDelta
from omni_agent.models.omni import Options, TransformersOmni
from omni_agent.models.omni.libraries import library
from omni_agent.models.qwen_omni import QWEN25_SYSTEM
from tests.models.omni.conftest import answered, ask, sound_of, text_of, user
from tests.models.omni.test_qwen3 import TIMER, prompt_of


@pytest.mark.parametrize("shown", ["text", "audio", "image", "both"])
def test_it_writes_and_then_speaks(omni25: TransformersOmni, tone: Audio, photo: Image, shown: str) -> None:
    media = {"text": (), "audio": (tone,), "image": (photo,), "both": (photo, tone)}[shown]
    events = answered(omni25, ask(user("what is this?", *media), speech=True))
    kinds = [type(event) for event in events]
    assert kinds.index(SpeechDelta) > kinds.index(TextDelta)
    assert events[-1] == Done("length")
    # It draws its codes, and a drawn end may come early.
    assert 480 <= len(sound_of(events)) <= 24_000
    assert {event.sample_rate for event in events if isinstance(event, SpeechDelta)} == {24_000}


def test_its_sound_is_that_of_plain_generate(
    omni25: TransformersOmni, store: MediaStore, tone: Audio
) -> None:
    from omni_agent.models.omni.inputs import tensors
    from omni_agent.models.omni.talker import waveform
    from omni_agent.models.omni.thinker import seeded

    torch = library("torch")
    request = ask(user("what is this?", tone), speech=True)
    loaded, prompt = prompt_of(omni25, request, store)
    with torch.no_grad(), seeded(0, loaded.device):
        made = loaded.whole.generate(
            input_ids=torch.tensor([prompt.ids]),
            attention_mask=torch.ones(1, len(prompt.ids), dtype=torch.long),
            thinker_max_new_tokens=request.max_tokens,
            thinker_eos_token_id=list(loaded.ends),
            thinker_do_sample=False,
            talker_max_new_tokens=50,
            **tensors(prompt.placed, loaded.device, torch.float32),
        )
    sound = sound_of(answered(omni25, request))
    assert sound.std() > 0.01
    assert sound.shape == tuple(waveform(made).shape)
    assert np.abs(sound - waveform(made).numpy()).max() < 1e-4


def test_trap_it_speaks_only_under_its_one_system_prompt(omni25: TransformersOmni, store: MediaStore) -> None:
    """The persona goes into an exchange in front; the template would else put a prompt of its own there."""
    loaded, prompt = prompt_of(omni25, ask(), store)
    text = loaded.tokenizer.decode(prompt.ids)
    assert text.startswith(f"<|im_start|>system\n{QWEN25_SYSTEM}<|im_end|>\n<|im_start|>user\nYou are Ada.")
    assert text.count("<|im_start|>system") == 1


def test_trap_its_template_knows_no_tools(omni25: TransformersOmni, store: MediaStore) -> None:
    loaded, prompt = prompt_of(omni25, ask(tools=(TIMER,)), store)
    text = loaded.tokenizer.decode(prompt.ids)
    system, exchange = text.split("<|im_start|>user\n", 1)
    assert "set_timer" not in system
    assert '<tools>\n{"type": "function", "function": {"name": "set_timer"' in exchange.split("<|im_end|>")[0]


def test_trap_voices_are_particular_about_case(omni25: TransformersOmni) -> None:
    assert len(sound_of(answered(omni25, ask(speech=True, voice="ethan"))))
    assert len(sound_of(answered(omni25, ask(speech=True, voice="Nobody"))))


def test_trap_an_answer_of_one_token_cannot_be_spoken(
    omni25: TransformersOmni, omni3: TransformersOmni
) -> None:
    """The talkers speak from the second token on; without one `generate` fails."""
    for model in (omni25, omni3):
        events = answered(model, ask(max_tokens=1, speech=True))
        assert text_of(events)
        assert not len(sound_of(events))


def test_trap_without_its_talker_the_whole_model_cannot_even_write(qwen25: Path, store: MediaStore) -> None:
    """So words always come from the thinker itself."""
    model = TransformersOmni(Options.parse(f"{qwen25}?talker=off&device=cpu"), store=store)
    assert not model.capabilities.speech
    assert model.capabilities.voices == ()
    events = answered(model, ask(speech=True))
    assert text_of(events)
    assert not len(sound_of(events))
    whole = model._loaded()._loaded.whole
    assert not hasattr(whole, "talker")
    with pytest.raises(AttributeError):
        whole.generate(input_ids=library("torch").tensor([[1, 2]]), generation_mode="text")
    asyncio.run(model.close())


def test_trap_a_checkpoint_without_its_voices_is_refused(
    qwen25: Path, store: MediaStore, tmp_path: Path
) -> None:
    for file in qwen25.iterdir():
        if file.name != "spk_dict.pt":
            (tmp_path / file.name).symlink_to(file)
    with pytest.raises(ModelUnavailable) as caught:
        answered(TransformersOmni(Options(str(tmp_path), device="cpu"), store=store), ask())
    assert "spk_dict.pt" in caught.value.remedy


def test_a_next_turn_reads_only_what_is_new(omni25: TransformersOmni, tone: Audio) -> None:
    first = user("listen", tone)
    said = Message("assistant", (Text(text_of(answered(omni25, ask(first, speech=True)))),))
    events = answered(omni25, ask(first, said, user("and?"), speech=True))
    usage = next(event for event in events if isinstance(event, Usage))
    assert usage.cached_tokens > usage.prompt_tokens * 0.8


def test_its_decoder_stops_where_nobody_listens(qwen25: Path, store: MediaStore) -> None:
    model = TransformersOmni(Options(str(qwen25), device="cpu", seconds=300), store=store)

    async def main() -> list[Any]:
        async with aclosing(model.stream(ask(speech=True))) as events:
            async for event in events:
                if isinstance(event, TextDelta) and len(event.text):
                    break
        after = [event async for event in model.stream(ask(max_tokens=2))]
        await model.close()
        return after

    assert asyncio.run(main())
