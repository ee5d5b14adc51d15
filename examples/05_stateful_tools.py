"""Tools that share an object, report progress, and ask first; a script stands in for the model."""

import asyncio
from collections.abc import Iterator

from omni_agent import Agent, events, tool
from omni_agent.testing import ScriptedModel, Step
from omni_agent.tool import prefix


class Oven:
    degrees = 20

    @tool(timeout=60)
    def heat(self, degrees: int) -> Iterator[str]:
        """Heat the oven to so many degrees."""
        while self.degrees < degrees:
            self.degrees += 60
            yield f"{self.degrees} degrees"

    @tool(effect="irreversible")
    def clean(self) -> None:
        """Burn the oven clean."""


script = ScriptedModel(Step(calls={"oven_heat": {"degrees": 200}}), Step(calls={"oven_clean": {}}))
agent = Agent(tools=prefix([Oven()], "oven_"), model=script, memory=None)


async def main() -> None:
    async for event in agent.stream("heat the oven to 200 degrees, then clean it"):
        if isinstance(event, events.ToolProgress):
            print(event.message)
        elif isinstance(event, events.ApprovalRequested):
            print("May I?", event.question)


if __name__ == "__main__":
    asyncio.run(main())
