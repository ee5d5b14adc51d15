"""A live conversation: sound comes in as a microphone gives it, and the answer goes out while it is made."""

import asyncio
from pathlib import Path

from omni_agent import Agent, events, tool
from omni_agent.conversation import AgentSession
from omni_agent.speech.devices.wav_devices import WavMicrophone, WavSpeaker


@tool
def set_timer(minutes: int, label: str = "") -> str:
    """Set a timer.

    Args:
        minutes: How long.
        label: What it is for.
    """
    return f"The timer{label and f' for the {label}'} rings in {minutes} minutes."


async def listen(microphone: WavMicrophone, session: AgentSession) -> None:
    async for frame in microphone.frames():
        await session.hear(frame)


async def main() -> None:
    microphone = WavMicrophone(Path(__file__).with_name("timer.wav"))
    speaker = WavSpeaker("live.wav")
    async with Agent(tools=[set_timer], memory=None) as agent, agent.session(speaker=speaker) as session:
        listening = asyncio.create_task(listen(microphone, session))
        async for event in session.events():
            if isinstance(event, events.UserStopped):
                print(f"the user spoke for {event.seconds:.1f} s")
            elif isinstance(event, events.ToolFinished):
                print(f"{event.name}: {event.result}")
            elif isinstance(event, events.TurnEnded):
                print("heard of the answer:", event.heard_text)
                break
        listening.cancel()
    await speaker.close()


if __name__ == "__main__":
    asyncio.run(main())
