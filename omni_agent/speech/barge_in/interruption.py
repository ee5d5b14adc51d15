"""While the agent speaks and a voice sounds: speak on, be silent for the moment, or give up the floor.

One pure function. It is asked for every window of sound as long as the voice sounds, and after its end until
it no longer says HOLD. The reply that a HOLD silenced is kept, and goes on where it stopped when the answer
becomes GO_ON.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from .backchannels import Said, denies, resembles, said, size
from .sound import LONGEST

if TYPE_CHECKING:
    from .sound import SoundScore

# How much below the user's usual level the loudest window may be, as words begin softly (the s and the
# silence of a "stop"), and later the louder third of them; who is further off talks to somebody else.
_LOUDEST_DB, _LOUDER_DB = 11.0, 7.0
_STRETCH, _SOFTLY = 8, 6  # windows: of a stretch that is loud enough, and of a soft beginning before it
_ABOVE_BACKGROUND_DB = 3.0
# The detector is sure of a voice: one window of the first kind, or two of the second.
_SURE, _LIKELY = 0.7, 0.5
# Seconds of voice before it is held, so that its sound can be looked at: where it is like words, else.
_GLANCED_AT, _LOOKED_AT = 0.06, 0.09
_NO_WORDS = 0.88  # probability of hum or noise from which it is not held
_NO_WORDS_HELD = 0.9  # and from which a held reply goes on while the voice still sounds
# Seconds of voice before which a hold is not taken back for its sound: no stutter. Then the ears are asked,
# and for what may be a hum they are waited for: a "how long" hums too.
_REVISED = 0.4
_WORDY = 0.5
_CLEARLY, _PLAINLY = 0.35, 0.9
# Seconds that a voice sounds, pauses not counted: a word or few; more than a doubled backchannel (and
# words would have come by now); more than most laughter; nothing but talk.
_ANY, _SOME, _FEW, _LASTING, _LONG, _ENDLESS = 0.3, 0.45, 0.7, 1.2, 2.0, 3.0
# Seconds from the onset, with pauses, after which nothing more is waited for.
_LAST_CALL = 5.0
_WINDOW = 0.032
_UNHEARD = 0.5  # seconds of voice beyond the latest words that make them old
_CERTAIN_WORDS = 3
_CONFIDENT = 0.5  # in words, for few of them to be proof
_CLEAR = 0.8  # in two words or more, whatever their sound was like: Whisper makes none so sure of a noise
_NEARLY_OVER = 0.2  # seconds of a reply that are not worth stopping
ENDED = 0.15
"""Seconds of silence after which the words of the whole voice are worth asking for."""
READ = 0.25
"""Seconds of voice that words may leave out at the end: more need not be asked for."""
PATIENCE = 2.0
"""Seconds after the voice's end for which words are waited for; no HOLD is longer."""


class Verdict(IntEnum):
    """What to do with the reply; a later one takes more from the agent."""

    GO_ON = 0
    """Speak on, or again from where a HOLD stopped."""
    HOLD = 1
    """Be silent at once and keep the rest of the reply."""
    CUT = 2
    """The reply is over; the user has the floor."""


@dataclass(frozen=True, slots=True)
class PartialWords:
    """A transcript of the voice so far.

    Attributes:
        text: As Whisper writes it; empty where it heard no words.
        until: Seconds of the voice, from its onset, that it covers.
        confidence: That these were the words, 0 to 1.
        others: What it may have been instead, the likeliest first.
    """

    text: str
    until: float
    confidence: float = 1.0
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VoiceSoFar:
    """What is known of a voice over the agent's.

    Attributes:
        seconds: From the onset to where it last sounded.
        silence: Seconds since then; 0 while it sounds.
        probabilities: Of a voice, for every 32 ms since the onset.
        levels: In dBFS, for the same windows.
        background: The level that the room's noise hardly exceeds, in dBFS.
        usual: The user's usual level in dBFS, measured like `levels` (the mean power of the windows that are
            surely voice); None where it is not known yet.
        sound: What it sounds like; None where it was not looked at yet.
        words: The latest transcript, if any.
        awaited: The ears are at work on another.
    """

    seconds: float
    silence: float
    probabilities: tuple[float, ...]
    levels: tuple[float, ...]
    background: float
    usual: float | None = None
    sound: SoundScore | None = None
    words: PartialWords | None = None
    awaited: bool = False


@dataclass(frozen=True, slots=True)
class DialogueState:
    """What the agent is doing.

    Attributes:
        asked: The reply is a question, or ends with one that was spoken: a "yeah" is an answer.
        uninterruptible: An approval is read out, or a warning.
        remaining: Seconds of the reply that are still to be spoken, or infinity.
        held: A HOLD has silenced the reply.
        language: ISO 639-1 code of the user's language; may be empty.
    """

    asked: bool = False
    uninterruptible: bool = False
    remaining: float = math.inf
    held: bool = False
    language: str = ""


def judge(voice: VoiceSoFar, dialogue: DialogueState) -> Verdict:
    """What to do with the reply now.

    A reply that is uninterruptible goes on. Words decide where there are any; until then the sound does, and
    in the end the length. Once the voice has been silent for `PATIENCE` the answer is never HOLD.
    """
    if dialogue.uninterruptible or not _is_near(voice):
        return Verdict.GO_ON
    words = voice.words
    if words is not None and voice.seconds - words.until < _UNHEARD:
        verdict = _by_words(voice, words, dialogue)
    else:
        verdict = _by_sound(voice, dialogue)
    if verdict is not Verdict.HOLD:
        return verdict
    if voice.silence >= PATIENCE:
        return Verdict.CUT if dialogue.asked and _is_wordy(voice) else Verdict.GO_ON
    if voice.seconds >= _LAST_CALL:
        return Verdict.CUT
    return Verdict.GO_ON if dialogue.remaining <= _NEARLY_OVER and not dialogue.held else verdict


def wants_score(voice: VoiceSoFar) -> bool:
    """Whether `sound.score` would tell more than the score at hand, or than none."""
    return voice.silence == 0 and _GLANCED_AT <= voice.seconds <= LONGEST


def wants_words(voice: VoiceSoFar) -> bool:
    """Whether a transcript could change the answer: not that of noise, of somebody further off, or of what
    has ended and was well read.
    """
    read = voice.words is not None and _covers(voice, voice.words) and voice.words.confidence >= _CONFIDENT
    return _is_near(voice) and _is_sure(voice) and not read


def _by_words(voice: VoiceSoFar, words: PartialWords, dialogue: DialogueState) -> Verdict:
    wordy = _is_wordy(voice)
    # A badly read beginning is no evidence where the whole is on its way.
    whole = _covers(voice, words) and (not voice.awaited or words.confidence >= _CONFIDENT)
    # What Whisper writes for noise was said only where it is well read.
    noisy = not wordy or words.confidence < _CONFIDENT
    meant = said(words.text, dialogue.language, noisy=noisy, whole=whole)
    if meant is Said.STOP:
        return Verdict.CUT
    if meant is Said.OTHER:
        return _by_few_words(voice, words, dialogue, whole)
    if meant is Said.BACKCHANNEL and dialogue.asked and wordy:
        return Verdict.CUT if whole else Verdict.HOLD
    if _sounding(voice) >= _ENDLESS and wordy:
        return Verdict.CUT
    if meant is Said.NOTHING and whole and _is_plain(voice) and _sounding(voice) >= _FEW:
        # The ears fail at short phrases; the sound is plain.
        return Verdict.CUT
    # While the voice sounds, a nod may be the beginning of a sentence.
    return _held(dialogue) if wordy and not whole else Verdict.GO_ON


def _by_few_words(voice: VoiceSoFar, words: PartialWords, dialogue: DialogueState, whole: bool) -> Verdict:
    """Words that are no backchannel, unless they are badly heard or made of a cough."""
    wordy, sure = _is_wordy(voice), words.confidence >= _CONFIDENT
    if size(words.text) > _CERTAIN_WORDS:
        return Verdict.CUT
    if _may_be_words(voice) and denies(words.text, dialogue.language):
        return Verdict.CUT
    like = resembles(words.text, dialogue.language, sure=sure)
    clear = words.confidence >= _CLEAR and size(words.text) > 1
    if like is not Said.BACKCHANNEL and (clear or (wordy and sure)):
        return Verdict.CUT
    if not whole:
        return Verdict.HOLD if wordy else _held(dialogue)
    others = {said(other, dialogue.language, noisy=not wordy) for other in words.others}
    if wordy and (like is Said.STOP or Said.STOP in others):
        return Verdict.CUT
    if like is Said.BACKCHANNEL or Said.BACKCHANNEL in others:
        return Verdict.GO_ON
    enough = _ANY if _is_plain(voice) else _SOME if wordy else _FEW if _may_be_words(voice) else math.inf
    return Verdict.CUT if _sounding(voice) >= enough else Verdict.GO_ON


def _by_sound(voice: VoiceSoFar, dialogue: DialogueState) -> Verdict:
    wordy = _is_wordy(voice)
    if voice.silence >= PATIENCE:
        # No words came: the ears are slow, or heard none.
        return Verdict.CUT if wordy and _sounding(voice) >= _FEW else Verdict.GO_ON
    if voice.silence:
        return _held(dialogue)
    words = _words(voice)
    looked_at = _GLANCED_AT if voice.sound is not None and words >= _CLEARLY else _LOOKED_AT
    if not _is_sure(voice) or voice.seconds < looked_at:
        return _held(dialogue)
    # Held already, the reply can wait for words that are on their way.
    lasting = _LONG if voice.awaited and dialogue.held else _LASTING
    if _sounding(voice) >= (lasting if words >= _WORDY else _LONG if words >= 1 - _NO_WORDS else _ENDLESS):
        return Verdict.CUT
    revised = voice.seconds >= _REVISED and not (voice.awaited and _is_hum(voice))
    if dialogue.held and (words > 1 - _NO_WORDS_HELD or not revised):
        return Verdict.HOLD
    return Verdict.HOLD if _may_be_words(voice) else Verdict.GO_ON


def _covers(voice: VoiceSoFar, words: PartialWords) -> bool:
    """The voice has ended, and the words are those of nearly all of it."""
    return voice.silence >= ENDED and voice.seconds - words.until < READ


def _held(dialogue: DialogueState) -> Verdict:
    """Nothing new: silent if silent, speaking if speaking."""
    return Verdict.HOLD if dialogue.held else Verdict.GO_ON


def _sounding(voice: VoiceSoFar) -> float:
    """Seconds that it sounded, without its pauses."""
    return _WINDOW * sum(probability >= _LIKELY for probability in voice.probabilities)


def _words(voice: VoiceSoFar) -> float:
    """That the sound is words; what was not looked at counts as words."""
    return 1.0 if voice.sound is None else voice.sound.words


def _is_wordy(voice: VoiceSoFar) -> bool:
    return _words(voice) >= _WORDY


def _may_be_words(voice: VoiceSoFar) -> bool:
    return _words(voice) > 1 - _NO_WORDS


def _is_hum(voice: VoiceSoFar) -> bool:
    return voice.sound is not None and voice.sound.hum > voice.sound.noise


def _is_plain(voice: VoiceSoFar) -> bool:
    """The sound was looked at and is plainly words."""
    return voice.sound is not None and voice.sound.words >= _PLAINLY


def _is_sure(voice: VoiceSoFar) -> bool:
    """The detector is sure that a voice sounds, or has sounded since the onset."""
    likely = sum(probability >= _LIKELY for probability in voice.probabilities)
    return likely > 1 or max(voice.probabilities, default=0.0) >= _SURE


def _is_near(voice: VoiceSoFar) -> bool:
    """The voice stands out of the room and is, or was for a moment, about as loud as this user's."""
    loudest = max(voice.levels, default=-math.inf)
    if loudest < voice.background + _ABOVE_BACKGROUND_DB:
        return False
    if voice.usual is None:
        return True
    if loudest < voice.usual - _LOUDEST_DB:
        return False
    return len(voice.levels) < _STRETCH + _SOFTLY or any(
        sorted(voice.levels[at : at + _STRETCH])[_STRETCH * 2 // 3] >= voice.usual - _LOUDER_DB
        for at in range(len(voice.levels) - _STRETCH + 1)
    )
