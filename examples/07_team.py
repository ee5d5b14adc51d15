"""Agents together: one asks another, and hands the conversation over; scripts stand in for the models."""

import asyncio

from omni_agent import Agent, Persona, events
from omni_agent.testing import ScriptedModel, Step

weather = Agent(
    name="Weather",
    description="Knows the weather everywhere.",
    model=ScriptedModel(Step("Oslo", says="Snow in Oslo.")),
    memory=None,
)
billing = Agent(
    name="Billing",
    description="Answers questions about invoices.",
    persona=Persona(style="formal", voice="bf_emma"),
    model=ScriptedModel(Step(says="42 euros, due on Friday.")),
)
to_weather = Step(calls={"weather": {"request": "How is the weather in Oslo?"}})
to_billing = Step(calls={"transfer_to_billing": {}})
front = Agent(
    name="Front desk",
    tools=[weather],
    handoffs=[billing],
    model=ScriptedModel(to_weather, Step("Snow", says="It snows in Oslo."), to_billing),
    memory=None,
)


async def main() -> None:
    async with front:
        print((await front.ask("how is the weather in Oslo?", speak=False)).text)
        async for event in front.stream("what do I owe you?", speak=False):
            if isinstance(event, events.HandedOver):
                print("now with", event.agent)
            elif isinstance(event, events.TurnEnded):
                print(event.text)


if __name__ == "__main__":
    asyncio.run(main())
