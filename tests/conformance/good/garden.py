"""A plugin without fault: a class with options, text and numbers, a write with its undo, a slow read."""

from __future__ import annotations

import json
import threading
from typing import Annotated

from pydantic import Field

from omni_agent.config import home
from omni_agent.errors import ToolError
from omni_agent.tool import ToolContext, tool

__all__ = ["harvest", "show_beds", "sow", "watch_seed"]
__omni_api__ = 1

_lock = threading.Lock()


def _beds() -> dict[str, str]:
    path = home() / "beds.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def _keep(beds: dict[str, str]) -> None:
    home().mkdir(parents=True, exist_ok=True)
    (home() / "beds.json").write_text(json.dumps(beds, ensure_ascii=False), encoding="utf-8")


def _dig_up(context: ToolContext) -> str:
    with _lock:
        beds = _beds()
        if context.undoes not in beds:
            raise ToolError("That was harvested already.")
        plant = beds.pop(context.undoes)
        _keep(beds)
    return f"The {plant} is out again."


@tool(effect="write", undo=_dig_up)
def sow(context: ToolContext, plant: str) -> str:
    """Sow a plant in the garden.

    Args:
        plant: Which plant, for example 'parsley'.
    """
    if not plant.strip() or len(plant) > 80:
        raise ToolError("Name the plant in one or two words.")
    with _lock:
        _keep({**_beds(), context.idempotency_key: plant.strip()})
    return f"The {plant.strip()} is sown."


@tool(effect="irreversible", question="Harvest the whole garden?")
def harvest() -> str:
    """Harvest everything in the garden."""
    with _lock:
        beds = _beds()
        _keep({})
    return f"{len(beds)} plants are harvested."


@tool(effect="read")
def show_beds(most: Annotated[int, Field(ge=1, le=20, description="How many to tell of.")] = 5) -> str:
    """Tell what grows in the garden."""
    with _lock:
        plants = list(_beds().values())
    return f"{len(plants)} plants grow: {', '.join(plants[:most])}." if plants else "Nothing grows."


@tool(effect="read", timeout=60)
def watch_seed(context: ToolContext) -> str:
    """Watch a seed until it sprouts."""
    if context.cancellation.wait(30):
        raise ToolError("Nobody watches any more.")
    return "It sprouts."
