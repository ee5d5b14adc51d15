"""What the playback ledger says was heard, against a transcript of the sound that was really played.

Replies of several sentences, with numbers, times, dates, prices and abbreviations, are spoken by several
voices, cut at random points as a player would cut them (a fade of 8 ms, then nothing), and what is left is
transcribed by the embedded Whisper. Ledger and transcript are compared as spoken words ("3:30" is "three
thirty" in both).

`wer` is the edit distance between the two over the words of the transcript. `unheard` is the share of the
ledger's words that have no counterpart in the transcript, not even a word that was misheard. Three sources
of times are measured on the same sound and the same cuts: `engine` (the voice's own durations), `alignment`
(from the sound alone) and `rate` (chunks of 100 ms of which only the whole text is known). The limits, 0.03
and 0.01, are for `engine`; the figures at the top are its.

What is fair: (1) The ears are tried on each whole reply first; what they mishear there is no fault of the
ledger's, so such a reply is left out and counted in `misheard`. (2) A word of which less than half was played
when the cut came is neither demanded nor forbidden: Whisper now completes, now drops it. `whole_words` are
the figures of `engine` without the word that was under way, whatever its share. (3) Whisper likes to end with
a sentence and to drop the two or three words that begin the next, so it listens three times: to all that was
played as an agent's ears would, in its native window of 30 s, and to the last clause alone; the reading that
is nearest to the ledger counts. None can hear what was not played.

`loudness_db` is the widest difference between two clauses of one voice (ITU-R BS.1770, ungated), among those
of a second and more; `pauses` are the medians in the sound between clauses, by what they should be.
"""

from __future__ import annotations

import asyncio
import math
import random
import re
import statistics
from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from omni_agent.events import SpeechChunk
from omni_agent.models.store import ModelStore
from omni_agent.speech.hearing.asr_whisper import WhisperEars
from omni_agent.speech.hearing.whisper_window import load_whisper
from omni_agent.speech.pcm import Pcm
from omni_agent.speech.playback import PlaybackLedger
from omni_agent.speech.voices.joins import faded, pause_after
from omni_agent.speech.voices.loudness import weighted_power
from omni_agent.speech.voices.sounding import stretches
from omni_agent.speech.voices.tts_kokoro import KokoroVoice
from omni_agent.speech.voices.tts_piper import PiperVoice
from omni_agent.speech.wording.normalise import spoken

from .playback_replies import REPLIES, Recorded, Reply, by_rate, chunks_of
from .report import DATA, Arguments, arguments, publish

VOICES = ("joe", "af_heart", "am_michael", "ef_dora")
LANGUAGES = {"ef_dora": "es", "if_sara": "it", "ff_siwis": "fr"}
SOURCES = ("engine", "alignment", "rate")
_EARLIEST = 1.0


@dataclass(slots=True)
class Tally:
    """Counts over all cuts of one source."""

    cuts: int = 0
    said: int = 0
    heard: int = 0
    errors: int = 0
    unheard: int = 0

    def figures(self) -> dict[str, object]:
        return {
            "wer": round(self.errors / max(self.heard, 1), 4),
            "unheard": round(self.unheard / max(self.said, 1), 4),
            "n": self.cuts,
        }


@dataclass(slots=True)
class Steadiness:
    """Levels of clauses by voice, and pauses by what they should be."""

    levels: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    pauses: dict[float, list[float]] = field(default_factory=lambda: defaultdict(list))


def words(text: str, language: str) -> list[str]:
    """Comparable words: spoken, in lower case, hyphens apart, letters of "p.m." together."""
    # Whisper writes "p.m.", "3.30pm" and "March 3rd" as it pleases.
    text = re.sub(r"\b([ap])\.\s?m\b\.?", r"\1m", text.lower())
    text = re.sub(r"(?<=\d)(?:st|nd|rd|th)\b", "", text)
    said = spoken(re.sub(r"\b(\d\d?)\.(\d\d)(?=\s?[ap]m\b)", r"\1:\2", text), language).lower()
    return re.findall(r"[^\W_]+", said.replace("'", "").replace("’", ""))


def distance(said: Sequence[str], heard: Sequence[str]) -> tuple[int, int]:
    """Edits between the two, and how many of `said` have no counterpart."""
    row = [(cost, 0) for cost in range(len(heard) + 1)]
    for number, word in enumerate(said, 1):
        before, row = row, [(number, number)]
        for place, other in enumerate(heard, 1):
            (kept, lost), (over, over_lost), (extra, extra_lost) = before[place - 1], before[place], row[-1]
            row.append(
                min((kept + (word != other), lost), (over + 1, over_lost + 1), (extra + 1, extra_lost))
            )
    return row[-1]


def compared(
    tally: Tally,
    chunks: Sequence[SpeechChunk],
    text: str,
    cut: float,
    heard: list[list[str]],
    language: str,
    doubt: float = 0.5,
) -> str:
    """Count one cut of one source; what its ledger says.

    The word of which something, but less than the share `doubt`, was played is not judged.
    """
    ledger = PlaybackLedger()
    for chunk in chunks:
        ledger.queued(chunk)
    ledger.played(cut)
    ledger.cut()
    start, end = _under_way(chunks, cut, doubt)
    claimed = words(text[: min(ledger.heard, start)], language)
    doubtful = words(text[start:end], language)
    claims = [claimed + doubtful[:n] for n in range(len(doubtful) + 1)] if ledger.heard > start else [claimed]
    readings = list(heard)
    if ledger.heard <= start:
        readings += [
            reading[:-n] for reading in heard for n in range(1, min(len(doubtful), len(reading)) + 1)
        ]
    (errors, unheard), said, kept = min(
        (distance(claim, reading), len(claim), len(reading)) for claim in claims for reading in readings
    )
    tally.cuts += 1
    tally.said += said
    tally.heard += kept
    tally.errors += errors
    tally.unheard += unheard
    return ledger.heard_text(text)


def _under_way(chunks: Sequence[SpeechChunk], cut: float, doubt: float) -> tuple[int, int]:
    """Where in the text the word is that had begun when the cut came, less than `doubt` of it played."""
    start = 0.0
    for chunk in chunks:
        for word in chunk.words:
            begin, until = start + word.begin / 1000, start + word.until / 1000
            if begin < cut < begin + doubt * (until - begin):
                return word.start, word.end
        start += len(chunk.pcm) / 2 / chunk.sample_rate
    return 1 << 30, 1 << 30


def measure(steadiness: Steadiness, chunks: Sequence[SpeechChunk], text: str, name: str) -> None:
    """Levels of the clauses and the pauses between them."""
    sounds = [Pcm.from_int16(chunk.pcm, chunk.sample_rate) for chunk in chunks]
    spans = [stretches(sound.samples, sound.rate) for sound in sounds]
    for sound, span in zip(sounds, spans, strict=True):
        voiced = [sound.samples[round(a * sound.rate) : round(b * sound.rate)] for a, b in span]
        speech = Pcm(np.concatenate(voiced), sound.rate)
        if speech.seconds >= 1.0:
            steadiness.levels[name].append(
                10 * math.log10(weighted_power(speech.samples, speech.rate) / len(speech.samples))
            )
    for (one, before, chunk), (_, after, _) in pairwise(zip(sounds, spans, chunks, strict=True)):
        pause = one.seconds - before[-1][1] + after[0][0]
        steadiness.pauses[pause_after(text[slice(*chunk.span)])].append(pause)


class Listening:
    """The measurement: voices, ears, and what was counted so far."""

    def __init__(self, given: Arguments) -> None:
        store = ModelStore()
        self._given = given
        self._ears = WhisperEars(store.ensure("hearing"))
        self._patient = load_whisper(store.ensure("hearing"), threads=0)
        self._piper = PiperVoice(store.ensure("voice-english"))
        self._kokoro = KokoroVoice(store.ensure("voice-natural"))
        self._rng = random.Random(given.own.seed)
        self.names: list[str] = given.own.voices.split(",")
        self.tallies = {source: Tally() for source in SOURCES}
        self.by_voice = {name: Tally() for name in self.names}
        self.whole_words = Tally()
        self.steadiness = Steadiness()
        self.misheard = 0

    async def voice(self, name: str, cuts: int) -> None:
        """Have one voice speak, and cut it so many times."""
        language = LANGUAGES.get(name, "en")
        texts = list(REPLIES[language])
        self._rng.shuffle(texts)
        replies = [
            reply
            for text in texts[: self._given.own.replies or None]
            if (reply := await self._reply(text, name, language))
        ]
        for turn in range(cuts if replies else 0):
            await self._cut(replies[turn % len(replies)], name, language)

    async def _reply(self, text: str, name: str, language: str) -> Reply | None:
        voice = Recorded(self._piper if name == "joe" else self._kokoro)
        chunks = await chunks_of(text, voice, name, language)
        measure(self.steadiness, chunks, text, name)
        sound = Pcm.joined([Pcm.from_int16(c.pcm, c.sample_rate) for c in chunks], chunks[0].sample_rate)
        whole = await self._heard(sound, language)
        if words(whole, language) != words(text, language):
            self.misheard += 1
            self._given.say(f"{name} misheard\n   {' '.join(words(whole, language))}\n   {text}")
            return None
        bare = await chunks_of(text, voice.without_times(), name, language)
        return Reply(text, sound, {"engine": chunks, "alignment": bare, "rate": by_rate(text, sound)})

    async def _cut(self, reply: Reply, name: str, language: str) -> None:
        cut = self._rng.uniform(_EARLIEST, reply.sound.seconds)
        readings = await self._readings(reply, cut, language)
        for source, chunks in reply.sources.items():
            tally = self.tallies[source]
            errors = tally.errors
            claim = compared(tally, chunks, reply.text, cut, readings, language)
            if source == "engine":
                compared(self.by_voice[name], chunks, reply.text, cut, readings, language)
                compared(self.whole_words, chunks, reply.text, cut, readings, language, doubt=1.0)
                if tally.errors > errors:
                    said = "\n   heard  …".join(" ".join(reading)[-60:] for reading in readings)
                    self._given.say(f"{name} {cut:.2f} s +{tally.errors - errors}\n   ledger …{claim[-60:]}")
                    self._given.say(f"   heard  …{said}")

    async def _readings(self, reply: Reply, cut: float, language: str) -> list[list[str]]:
        """What is heard of all that was played, and what of the last clause, after those before it."""
        at = round(cut * reply.sound.rate)
        tail = faded(Pcm(reply.sound.samples[at:], reply.sound.rate))
        played = np.concatenate([reply.sound.samples[:at], tail.samples])
        start, first = 0, reply.sources["engine"][0]
        for chunk in reply.sources["engine"]:
            if start + len(chunk.pcm) // 2 > at:
                first = chunk
                break
            start += len(chunk.pcm) // 2
        whole = Pcm(played, reply.sound.rate)
        heard = await self._heard(whole, language), await self._heard_patiently(whole, language)
        readings = [words(reading, language) for reading in heard]
        if start:
            last = await self._heard(Pcm(played[start:], reply.sound.rate), language)
            readings.append(words(reply.text[: first.span[0]], language) + words(last, language))
        return readings

    async def _heard(self, sound: Pcm, language: str) -> str:
        return (await self._ears.transcribe(sound.resampled(16_000), language=language)).text

    async def _heard_patiently(self, sound: Pcm, language: str) -> str:
        sound = sound.resampled(16_000)
        encoded = await asyncio.to_thread(self._patient.encode, sound.samples, 30)
        return self._patient.decode(encoded, seconds=sound.seconds, language=language).texts[0]


async def run(given: Arguments) -> dict[str, object]:
    listening = Listening(given)
    for number, name in enumerate(listening.names):
        share = [given.limit * n // len(listening.names) for n in (number, number + 1)]
        await listening.voice(name, share[1] - share[0])
    steady = listening.steadiness
    levels = [max(found) - min(found) for found in steady.levels.values() if found]
    return {
        **listening.tallies["engine"].figures(),
        "whole_words": listening.whole_words.figures(),
        "by_source": {source: tally.figures() for source, tally in listening.tallies.items()},
        "by_voice": {name: tally.figures() for name, tally in listening.by_voice.items()},
        "misheard": listening.misheard,
        "loudness_db": round(max(levels, default=0.0), 2),
        "pauses": {str(k): round(statistics.median(v), 3) for k, v in sorted(steady.pauses.items())},
    }


def main() -> None:
    def own(parser: ArgumentParser) -> None:
        parser.add_argument("--voices", default=",".join(VOICES), help="comma-separated, for a slice")
        parser.add_argument("--replies", type=int, default=0, help="most replies a voice speaks; 0 is all")
        parser.add_argument("--seed", type=int, default=6)

    given = arguments("The ledger against what was played.", DATA, 200, own=own)
    publish(asyncio.run(run(given)))


if __name__ == "__main__":
    main()
