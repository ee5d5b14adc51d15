"""The verb `serve`, alone."""

from __future__ import annotations

import typer

from omni_agent.cli.serve import serve

if __name__ == "__main__":
    typer.run(serve)
