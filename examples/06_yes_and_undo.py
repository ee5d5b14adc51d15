"""What is asked first, and what is taken back: the user's own words are enough for both."""

import asyncio

from omni_agent import Agent, Persona, tool

shopping = ["milk", "eggs"]


def take_off(item: str) -> str:
    shopping.remove(item)
    return f"{item.capitalize()} is off the shopping list again."


@tool(undo=take_off)
def add_item(item: str) -> str:
    """Put something on the shopping list.

    Args:
        item: What to buy, for example bread.
    """
    shopping.append(item)
    return f"{item.capitalize()} is on the shopping list."


@tool(effect="irreversible", question="Really empty the shopping list?")
def empty_list() -> str:
    """Empty the shopping list."""
    shopping.clear()
    return "The shopping list is empty."


async def main() -> None:
    async with Agent(persona=Persona(max_words=20), tools=[add_item, empty_list], memory=None) as agent:
        for said in ("put honey on the shopping list", "undo that", "empty the shopping list", "yes, please"):
            reply = await agent.ask(said, speak=False)
            print(f"you: {said}\nagent: {reply.text}  {shopping}")


if __name__ == "__main__":
    asyncio.run(main())
