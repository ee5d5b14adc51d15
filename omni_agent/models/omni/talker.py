"""The talker: speaks what the thinker wrote, with the codec frames heard as they are made.

transformers' `generate` of the whole model thinks, talks and decodes in one go and hands over the sound at
its end. Here it is called for its middle part only: the thinker's part is answered with what was written
already, and of Qwen3-Omni's talker each frame is taken on its way into the next step. So the words are known
before the first sound, and a tool's call is never spoken.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from ..qwen_omni import SPEECH_RATE
from .encoding import Prompt
from .inputs import tensors, times
from .libraries import library
from .thinker import Answer, Stopped, seeded
from .waveform import WaveformStream

if TYPE_CHECKING:
    from .loading import Loaded

# Codec frames a second of each family: 1920 and 480 samples of the 24 kHz sound are one frame.
FRAMES_A_SECOND = {"qwen3": 12.5, "qwen2.5": 50.0}
# The length that both `generate`s have by default.
_MOST_FRAMES = 4096
# Nobody needs longer for a token, and a talker that has derailed never comes to its end.
_SECONDS_A_TOKEN = 1.5
_SECONDS_BESIDE = 4.0
_PIECE = SPEECH_RATE // 2


def speak(
    loaded: Loaded,
    prompt: Prompt,
    answer: Answer,
    *,
    count: int,
    voice: str,
    seed: int,
    play: Callable[[Any], None],
    stopped: Callable[[], bool],
    seconds: float,
) -> None:
    """Speak the first tokens of an answer.

    Args:
        loaded: The model; nobody else computes with it meanwhile.
        prompt: What was answered.
        answer: What was written, with its layers.
        count: How many of its tokens are spoken; fewer than two cannot be.
        voice: A voice of the model.
        seed: For the talker's choices: it always draws, and draws without a seed have been seen to derail.
        play: Is given samples, (n,) float32 at `SPEECH_RATE`, as they are made.
        stopped: Looked at before each frame.
        seconds: Most of the sound.

    Raises:
        Stopped: `stopped` became true.
    """
    # The first token goes into the talker's prompt and the second is what it speaks from.
    if count < 2 or answer.layers is None:
        return
    # transformers remarks on each call that its penalty cannot look at embeddings; that is how it is meant.
    warnings.filterwarnings("ignore", message="Passing `repetition_penalty` with `inputs_embeds`")
    family = loaded.checkpoint.family
    longest = min(seconds, _SECONDS_BESIDE + count * _SECONDS_A_TOKEN)
    frames = min(_MOST_FRAMES, int(longest * FRAMES_A_SECOND[family]))
    with library("torch").no_grad(), seeded(seed, loaded.device), _written(loaded, prompt, answer, count):
        asked = _asked(loaded, prompt, voice, frames)
        (_speak_qwen3 if family == "qwen3" else _speak_qwen25)(loaded.whole, asked, play, stopped)


def _speak_qwen3(
    whole: Any, asked: dict[str, Any], play: Callable[[Any], None], stopped: Callable[[], bool]
) -> None:
    torch = library("torch")
    stream = WaveformStream(whole.code2wav)

    def step(module: Any, args: Any, given: dict[str, Any]) -> None:
        if stopped():
            raise Stopped
        embeds, codes = given.get("inputs_embeds"), given.get("residual_codes")
        # Codebook 0 is the talker's own token; the rest comes with it into the next step.
        if codes is not None and embeds is not None and embeds.shape[1] == 1:
            new = stream.add(codes)
            if new is not None and len(new):
                play(new)

    def nothing(codes: Any, **more: Any) -> Any:
        return torch.zeros(1, 1, 0)

    with _instead(whole.code2wav, "chunked_decode", nothing), _before(whole.talker, step):
        whole.generate(**asked)
    last = stream.finish()
    if last is not None and len(last):
        play(last)


def _speak_qwen25(
    whole: Any, asked: dict[str, Any], play: Callable[[Any], None], stopped: Callable[[], bool]
) -> None:
    """Its decoder is not causal, so the sound comes when all of it is there; stopping works all the way."""

    def look(module: Any, args: Any, given: dict[str, Any]) -> None:
        if stopped():
            raise Stopped

    # The blocks of the diffusion transformer run many times in one call.
    blocks = whole.token2wav.code2wav_dit_model.transformer_blocks
    with ExitStack() as stack:
        for part in (whole.talker, whole.token2wav, *blocks):
            stack.enter_context(_before(part, look))
        made = whole.generate(**asked)
    wave = waveform(made)
    for start in range(0, len(wave), _PIECE):
        play(wave[start : start + _PIECE])


def waveform(made: Any) -> Any:
    """The samples, (n,) float32, in what a whole model's `generate` returned, whatever its version.

    Text alone is a tensor of ids, a dict-like output, or (4.57) a pair with None; with speech it is a pair
    whose first is either of the two and whose second a tensor (n,) or (1, 1, n), or a list for a batch.
    """
    torch = library("torch")
    sound = made[1] if isinstance(made, tuple) and len(made) == 2 else None
    if isinstance(sound, list | tuple):
        sound = sound[0] if sound else None
    return torch.zeros(0) if sound is None else sound.detach().reshape(-1).float().cpu()


def sequences(made: Any) -> Any:
    """The ids, (batch, tokens), in what a whole model's or a thinker's `generate` returned."""
    first = made[0] if isinstance(made, tuple) and len(made) == 2 else made
    return getattr(first, "sequences", first)


def _asked(loaded: Loaded, prompt: Prompt, voice: str, most_frames: int) -> dict[str, Any]:
    """The arguments of `generate`; the media only for the talker's positions, and what to leave out."""
    torch, device = library("torch"), loaded.device
    shown = tensors(prompt.placed, device, loaded.thinker.dtype)
    # Only the thinker knows these; unprefixed, Qwen2.5-Omni would hand them to its talker too.
    for name in ("input_features", "pixel_values", "pixel_values_videos"):
        if name in shown:
            shown[f"thinker_{name}"] = shown.pop(name)
    return {
        "input_ids": torch.tensor([prompt.ids], device=device),
        "attention_mask": torch.ones(1, len(prompt.ids), dtype=torch.long, device=device),
        "speaker": voice,
        "use_audio_in_video": False,
        "thinker_eos_token_id": list(loaded.ends),
        "talker_max_new_tokens": most_frames,
        **shown,
        **times(prompt.placed, device),
    }


@contextmanager
def _written(loaded: Loaded, prompt: Prompt, answer: Answer, count: int) -> Iterator[None]:
    """Let the thinker's `generate` give what it wrote before.

    The layers come as they do from a generation: the prompt's in the first step, then one token a step. Only
    the two that the talker reads are there, each at the place where it looks for it.
    """
    torch = library("torch")
    layers = answer.layers
    assert layers is not None
    length, place = len(prompt.ids), _place(loaded)
    ends = [length, *range(length + 1, length + count)]
    starts = [0, *range(length, length + count - 1)]
    steps = []
    for start, end in zip(starts, ends, strict=True):
        step = [layers[0][:, start:end]] * place
        steps.append((*step, layers[1][:, start:end]))
    ids = torch.tensor([[*prompt.ids, *answer.ids[:count]]], device=loaded.device)
    written = SimpleNamespace(sequences=ids, hidden_states=tuple(steps))

    def again(**given: Any) -> Any:
        return written

    with _instead(loaded.thinker, "generate", again):
        yield


def _place(loaded: Loaded) -> int:
    if loaded.checkpoint.family == "qwen3":
        return int(loaded.whole.config.talker_config.accept_hidden_layer)
    return 1


@contextmanager
def _instead(module: Any, name: str, function: Callable[..., Any]) -> Iterator[None]:
    # What another library has put in its place, as those do that spread a model, comes back after it.
    before = {key: value for key, value in vars(module).items() if key == name}
    setattr(module, name, function)
    try:
        yield
    finally:
        delattr(module, name)
        vars(module).update(before)


@contextmanager
def _before(module: Any, hook: Callable[[Any, Any, dict[str, Any]], None]) -> Iterator[None]:
    handle = module.register_forward_pre_hook(hook, with_kwargs=True)
    try:
        yield
    finally:
        handle.remove()
