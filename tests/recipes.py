"""A small kitchen for tests: recipes that can be found, and deleted after a yes."""

from __future__ import annotations

from omni_agent import tool

deleted: list[str] = []
"""The recipes that are gone; the fixture `nothing_deleted` begins with none."""


@tool(effect="irreversible", question="Delete the recipe '{title}'?")
async def delete_recipe(title: str) -> str:
    """Delete a recipe.

    Args:
        title: Which one.
    """
    deleted.append(title)
    return f"Deleted {title}."


@tool(effect="read")
async def find_recipe(dish: str) -> str:
    """Find a recipe.

    Args:
        dish: What for.
    """
    return f"The recipe for {dish}."
