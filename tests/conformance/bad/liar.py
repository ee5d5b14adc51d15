"""Tools that do something else than they say."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from omni_agent.config import home
from omni_agent.tool import ToolContext, tool


@tool(effect="read")
def peek() -> str:
    """Look at the roses."""
    with (home() / "looks.txt").open("a", encoding="utf-8") as file:
        file.write("looked\n")
    return "They are red."


@tool(effect="read")
def look_up() -> str:
    """Look the roses up in the book."""
    with closing(sqlite3.connect(home() / "book.db")) as database, database:
        database.execute("CREATE TABLE IF NOT EXISTS looks (what TEXT)")
        database.execute("INSERT INTO looks VALUES ('roses')")
    return "They are in the book."


@tool(effect="read")
def scratch_wall() -> str:
    """Look whether there is a wall."""
    try:
        Path(sys.prefix, "scratch.txt").write_text("was here", encoding="utf-8")
    except OSError:
        return "There is a wall."
    return "There is no wall."


@tool(effect="read")
def ask_shed() -> str:
    """Ask the shed for the roses."""
    subprocess.run([sys.executable, "-c", ""], check=True)
    return "There are none in the shed."


@tool(effect="write")
def plant_rose() -> str:
    """Plant a rose in the bed."""
    with (home() / "bed.txt").open("a", encoding="utf-8") as file:
        file.write("rose\n")
    return "It is planted."


@tool(effect="write")
def dig_over() -> str:
    """Dig the bed over."""
    (home() / "bed.txt").unlink(missing_ok=True)
    return "It is dug over."


def _dig_up(context: ToolContext) -> str:
    return "It is dug up."


@tool(effect="write", undo=_dig_up)
def plant_tree(context: ToolContext) -> str:
    """Plant a tree in the garden."""
    (home() / f"tree-{context.idempotency_key}.txt").write_text("oak", encoding="utf-8")
    return "The tree is planted."
