"""An agent with a tool: `omni-agent ask --agent examples/02_tool.py --audio examples/timer.wav`."""

import asyncio
from pathlib import Path

from omni_agent import Agent, Persona, tool
from omni_agent.events import TextDelta, ToolFinished, ToolStarted, Transcript


@tool
async def set_timer(minutes: float, label: str = "timer") -> str:
    """Start a countdown timer.

    Args:
        minutes: How long, in minutes.
        label: What the timer is for.
    """
    return f"The {label} timer runs for {minutes:g} minutes."


agent = Agent(name="Kitchen", persona=Persona(style="warm, brief", max_words=30), tools=[set_timer])


async def main() -> None:
    async with agent:
        async for event in agent.stream(audio=Path(__file__).with_name("timer.wav"), session="example"):
            match event:
                case Transcript(text=heard):
                    print("heard:", heard)
                case ToolStarted(name=name, arguments=arguments):
                    print("call:", name, arguments)
                case ToolFinished(result=result):
                    print("result:", result)
                case TextDelta(text=text):
                    print(text, end="", flush=True)
        print()


if __name__ == "__main__":
    asyncio.run(main())
