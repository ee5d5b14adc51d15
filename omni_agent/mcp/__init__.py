"""The Model Context Protocol, both ways: other programs' tools for an agent, an agent's tools for others.

One reads the first way in this order:

1. `server.py`: `MCPServer`, which is given to `Agent(tools=[...])`.
2. `connection.py`: one connection to it, with a task of its own; `transports.py` opens what it runs on, and
   notices its end; `stderr.py` keeps what a server's process says beside the protocol.
3. `definitions.py`: a server's tools as ours; `naming.py` and `schemas.py` make their names and schemas fit.
4. `results.py`: what a call gave, as text and media; `resources.py`: what else a server holds.

And the other way:

5. `offering.py`: an agent's tools as a server; `approving.py` asks its client, `calling.py` runs a call.
6. `contents.py`: what a call gave, as the protocol has it.
7. `serving.py`: what the server runs over.

It needs the package `mcp` (`pip install omni-agent-framework[mcp]`), which is imported at the first use.
"""

from .server import MCPServer

__all__ = ["MCPServer"]
