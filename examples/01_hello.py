"""Ask, and get an answer as text and speech. The first run fetches the embedded models."""

import asyncio
from pathlib import Path

from omni_agent import Agent, Persona


async def main() -> None:
    async with Agent(persona=Persona(style="cheerful", max_words=30)) as agent:
        reply = await agent.ask("Why is the sky blue?")
        print(reply.text)
        if reply.speech:
            reply.speech.save(Path("hello.wav"))
            print(f"hello.wav: {reply.speech.seconds:.1f} s")


if __name__ == "__main__":
    asyncio.run(main())
