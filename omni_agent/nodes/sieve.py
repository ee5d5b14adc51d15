"""The way of an answer through the output guardrails: clause by clause, as text and as sound.

A clause leaves when it is whole and has passed. What was not judged is never shown, spoken or kept in the
reply. A model's own sound leaves with its words; once a clause was changed or held back, nobody knows which
sound is whose, so the rest of that answer is spoken by the voice beside the model, where there is one.
"""

from __future__ import annotations

from collections import deque

from ..events import TextDelta
from ..execution import digest
from ..guardrails import Ask, Judgement, Stop, judged
from ..messages import JsonObject, ToolCall
from ..speech.wording.clauses import ClauseSplitter
from ..state import Turn
from .saying import speak


class Sieve:
    """Lets one answer through.

    Args:
        turn: The turn.
        reply: What was said before this answer.
        gap: What sets it off from that.
        sounds: A model with a voice of its own speaks it.

    Attributes:
        said: The words that left, without the gap.
        stopped: A guardrail ended the turn.
        withheld: The words that wait for a yes, with the question, as plain JSON; empty where none do.
    """

    def __init__(self, turn: Turn, *, reply: str, gap: str, sounds: bool = True) -> None:
        self._turn = turn
        self._reply = reply
        self._gap = gap
        self.said = ""
        self.stopped = False
        self.withheld: JsonObject = {}
        self._raw = ""
        self._judged = 0
        self._splitter = ClauseSplitter()
        self._own_sound = sounds and turn.parts.model.capabilities.speech
        self._sounds: deque[tuple[int, bytes, int]] = deque()
        self._voiced = 0
        self._dropped = False

    @property
    def sounds(self) -> bool:
        """Whether the model's own sound leaves with its words."""
        return self._own_sound and not self.closed

    @property
    def closed(self) -> bool:
        """Whether nothing more may leave."""
        return self.stopped or bool(self.withheld)

    async def feed(self, text: str) -> None:
        """Take words of the model."""
        self._raw += text
        for clause in [] if self.closed else self._splitter.feed(text):
            await self._take(clause.start, clause.end)

    async def play(self, pcm: bytes, sample_rate: int) -> None:
        """Take sound of the model, which speaks words written so far."""
        if self.sounds:
            self._sounds.append((max(len(self._raw), 1), pcm, sample_rate))
            await self._release_sounds()

    async def finish(self) -> None:
        """The model has said all."""
        for clause in [] if self.closed else self._splitter.finish():
            await self._take(clause.start, clause.end)
        if self.withheld:
            self.withheld["rest"] = self._raw[self._judged :]
        elif not self.stopped and (self.said or not self._dropped):
            await self._utter(self._raw[self._judged :])
        if self._own_sound:
            self._write_down()

    async def judge(self, text: str, *, lead: str = "", first: int = 0) -> None:
        """Let a clause be judged, and leave where it may.

        Args:
            text: The clause.
            lead: The space before it.
            first: The first guardrail that judges it.
        """
        guards = self._turn.parts.guardrails.output
        so_far = self._reply + (self._gap + self.said if self.said else "")
        judgement = await judged(guards, text, self._turn, so_far=so_far.rstrip(), first=first)
        if judgement.text != text or judgement.verdict:
            await self._give_up_sound()
        match judgement.verdict:
            case Stop(reply):
                self.stopped = True
                await self._utter(f" {reply}" if self.said and reply else reply)
            case Ask(question):
                self.withheld = waiting(judgement, question, lead=lead)
            case None if judgement.text:
                await self._utter((lead if self.said or not self._dropped else "") + judgement.text)
            case None:
                self._dropped = True

    async def _take(self, start: int, end: int) -> None:
        if self.closed:
            return
        lead, text = self._raw[self._judged : start], self._raw[start:end]
        self._judged = end
        await self.judge(text, lead=lead)
        if not self.closed:
            await self._release_sounds()

    async def _utter(self, text: str) -> None:
        if not text:
            return
        shown = text if self.said else self._gap + text
        self.said += text
        self._turn.mark("first_text")
        self._turn.emit(TextDelta(shown))
        if not self._own_sound:
            self._voiced = len(self._shown)
            await speak(shown, self._turn)

    async def _give_up_sound(self) -> None:
        """From here on the voice beside the model speaks, beginning with what was shown without a sound."""
        if not self._own_sound:
            return
        self._own_sound = False
        self._sounds.clear()
        if unvoiced := self._unvoiced():
            await speak(unvoiced, self._turn)

    async def _release_sounds(self) -> None:
        """Play the sounds of which all words so far have left."""
        while self._sounds and self._judged and not self._raw[self._judged : self._sounds[0][0]].strip():
            _, pcm, sample_rate = self._sounds.popleft()
            self._write_down()
            if self._turn.delivery:
                await self._turn.delivery.play(pcm, sample_rate)

    def _write_down(self) -> None:
        """What has left is now the model's own to speak, or nobody's: not the voice's beside it."""
        if (words := self._unvoiced()) and self._turn.delivery:
            self._turn.delivery.written(words)

    def _unvoiced(self) -> str:
        """What has left since this was asked last."""
        words = self._shown[self._voiced :]
        self._voiced = len(self._shown)
        return words

    @property
    def _shown(self) -> str:
        return self._gap + self.said if self.said else ""


def waiting(judgement: Judgement, question: str, **beside: str) -> JsonObject:
    """Words that wait for a yes, as the state keeps them."""
    return {
        "name": judgement.name,
        "place": judgement.place,
        "question": question,
        "text": judgement.text,
        "digest": digest(ToolCall("guardrail", judgement.name, {"text": judgement.text})),
        **beside,
    }
