"""Importing this changes variables that are there."""

from __future__ import annotations

import os

from omni_agent.tool import tool

os.environ["PATH"] = "/nowhere:" + os.environ["PATH"]
del os.environ["HOME"]


@tool(effect="read")
def look_on() -> str:
    """Look on from the gate."""
    return "All is well."
