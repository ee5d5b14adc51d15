"""OpenAI's Realtime protocol (GA) over WebSocket, for the agents of a server.

1. `protocol.py`: what clients send. `life_cycle.py`: the events of a response, as a pure state machine.
2. `session.py`: what each event does. `connection.py`, `outbox.py`: the socket.
3. `microphone.py`, `input_buffer.py`, `turn_detection.py`: sound in. `utterance.py`, `transcribing.py`: what
   is heard in it. `sound.py`: how it is on the wire.
4. `items.py`, `reading.py`, `prompting.py`: the conversation. `remembering.py`: what memory has of it.
5. `replying.py`: one response. `configuration.py`: the session object. `endpoint.py`: the addresses.
"""

from __future__ import annotations

from .endpoint import Realtime, routes

__all__ = ["Realtime", "routes"]
