"""Importing this does things."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from omni_agent.tool import tool

print("welcome to the garden")
Path("garden.log").write_text("imported\n", encoding="utf-8")
os.environ["GARDEN"] = "open"
threading.Thread(target=threading.Event().wait, name="gardener", daemon=True).start()


@tool(effect="read")
def look_around() -> str:
    """Look around in the garden."""
    return "All is well."
