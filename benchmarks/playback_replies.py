"""Replies to be spoken and cut, and the ways in which they reach a player."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from omni_agent.events import ErrorRaised, SpeechChunk
from omni_agent.persona import Persona
from omni_agent.senses import Voice
from omni_agent.speech.delivery import Delivery
from omni_agent.speech.pcm import Pcm
from omni_agent.speech.voices.own_voice import OwnVoice

REPLIES = {
    "en": (
        "Your train leaves at 3:30 pm from platform 12. It will arrive in the city at 5:15 pm, so there is"
        " time for a walk along the river before dinner.",
        "I have booked a table for 4 people on Friday evening. The restaurant is on Park Street, about 10"
        " minutes from your hotel, and the garden will be open.",
        "The meeting with Dr. Smith is on Tuesday morning. Please bring the report, the two letters from the"
        " bank, and a copy of your passport. She will call you at 9:45 am.",
        "It will rain until noon, then the sun comes out. The highest temperature is 18 degrees, and in the"
        " evening there is a light wind from the west. You should take an umbrella.",
        "The small box costs $20, the large one $35. If you order three of them before Sunday, you will save"
        " 15%. Shall I put one of each in your basket?",
        "There are 24 students in the class. Most of them come from the north of the country, and only five"
        " have been here before. The course begins on March 3 and ends in June.",
        "First, turn left at the old church. Then walk about 300 meters, until you see a blue door on your"
        " right. My brother lives on the second floor, and he is at home after 6 pm.",
        "Yes, I can do that for you. The lights in the kitchen are off now, the heating is set to 21 degrees,"
        " and the front door is locked. Good night, and sleep well.",
        "The museum opens at 10 in the morning and closes at 6 in the evening. Children under 12 are free."
        " On Mondays, the whole building is closed, but you can still visit the garden.",
        "Your parcel was sent on May 12 and should be with you in 2 or 3 days. The driver will ring the bell"
        " twice. If nobody answers, he leaves it with your neighbor in number 40.",
    ),
    "es": (
        "El tren sale a las 3:30 de la tarde. Llega a la ciudad a las 5, así que hay tiempo para un paseo por"
        " el río antes de la cena.",
        "He reservado una mesa para 4 personas el viernes por la noche. El restaurante está en la calle"
        " Mayor, a unos 10 minutos de su hotel.",
        "Por la mañana va a llover, pero después sale el sol. La temperatura máxima es de 18 grados. Debería"
        " llevar un paraguas y un abrigo.",
        "La caja pequeña cuesta 20 euros, la grande 35. Si compra tres antes del domingo, paga un 15% menos."
        " ¿Quiere una de cada?",
        "Las luces de la cocina están apagadas, la calefacción está a 22 grados y la puerta está cerrada."
        " Buenas noches, y que descanse.",
        "En la clase hay 24 alumnos. Casi todos vienen del norte del país, y solo cinco han estado aquí"
        " antes. El curso empieza el 3 de marzo.",
    ),
}


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply that the ears understand: its text, its sound, and its chunks by the source of their times."""

    text: str
    sound: Pcm
    sources: dict[str, list[SpeechChunk]]


class Recorded:
    """A voice that says the same again as it was heard to say, with or without its words' times."""

    def __init__(self, voice: Voice, *, times: bool = True) -> None:
        self._voice = voice
        self._times = times
        self.said: dict[str, Pcm] = {}

    @property
    def languages(self) -> frozenset[str]:
        return self._voice.languages

    async def speak(self, text: str, *, language: str = "en", voice: str = "", rate: float = 1.0) -> Pcm:
        if text not in self.said:
            self.said[text] = await self._voice.speak(text, language=language, voice=voice, rate=rate)
        pcm = self.said[text]
        return pcm if self._times else Pcm(pcm.samples, pcm.rate)

    def without_times(self) -> Recorded:
        bare = Recorded(self._voice, times=False)
        bare.said = self.said
        return bare

    async def prewarm(self) -> None: ...

    async def close(self) -> None: ...


async def chunks_of(text: str, voice: Voice, name: str, language: str) -> list[SpeechChunk]:
    """The reply as it goes to a player."""
    chunks: list[SpeechChunk] = []

    async def send(event: SpeechChunk | ErrorRaised) -> None:
        assert isinstance(event, SpeechChunk), event
        chunks.append(event)

    delivery = Delivery(voice, Persona(voice=name), language=language, send=send)
    async with asyncio.TaskGroup() as group:
        group.create_task(delivery.run())
        await delivery.say(text)
        await delivery.finish()
    return chunks


def by_rate(text: str, sound: Pcm) -> list[SpeechChunk]:
    """The same sound as a model with a voice of its own sends it."""
    own = OwnVoice()
    own.write(text)
    step = sound.rate // 10
    chunks = []
    for start in range(0, len(sound.samples), step):
        piece = Pcm(sound.samples[start : start + step], sound.rate)
        span, words = own.next(piece)
        milliseconds = round(piece.seconds * 1000)
        chunks.append(SpeechChunk(piece.to_int16(), piece.rate, span, milliseconds, words=words))
    return chunks
