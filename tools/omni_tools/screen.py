"""A tool that looks at the screen; models without eyes get the text on it."""

from __future__ import annotations

from omni_agent.errors import ToolError
from omni_agent.messages import Image
from omni_agent.tool import ToolContext, tool

__all__ = ["look_at_screen"]


@tool(effect="read", timeout=20, untrusted=True)
def look_at_screen(context: ToolContext) -> list[str | Image]:
    """Look at what is on the screen now, and read it."""
    return ["On the screen:", Image(context.media.put(_screenshot(), "image/png"))]


def _screenshot() -> bytes:
    """All monitors as one picture, as PNG."""
    import mss
    import mss.tools
    from mss.exception import ScreenShotError

    try:
        with mss.MSS() as screen:
            shot = screen.grab(screen.monitors[0])
            made = mss.tools.to_png(shot.rgb, shot.size)
    except (ScreenShotError, OSError) as error:
        raise ToolError(f"The screen cannot be seen here: {error}.", remedy="run on a desktop") from None
    return made or b""
