"""A conversation goes on after a restart: run this twice."""

import asyncio

from omni_agent import Agent, Persona


async def main() -> None:
    async with Agent(name="Diary", persona=Persona(style="kind", max_words=30)) as agent:
        for question in ("My cat is called Pixel.", "What is my cat called?"):
            reply = await agent.ask(question, session="cats", speak=False)
            print("you:", question)
            print("agent:", reply.text)


if __name__ == "__main__":
    asyncio.run(main())
