"""omni_agent: agents that hear, see, act and speak, on your own machine.

Start with `Agent`; everything public is named here or in the modules that the documentation names.
"""

import logging

from .agent import Agent
from .config import Settings
from .errors import OmniError
from .persona import Persona
from .reply import Reply
from .tool import Tool, Toolbox, ToolContext, tool, tools_of

__all__ = [
    "Agent",
    "OmniError",
    "Persona",
    "Reply",
    "Settings",
    "Tool",
    "ToolContext",
    "Toolbox",
    "tool",
    "tools_of",
]

# A library says nothing by itself; whoever wants its log configures logging.
logging.getLogger(__name__).addHandler(logging.NullHandler())
