"""An agent as a server that any OpenAI client can talk to. Only this package knows HTTP.

1. `hosting.py`: which agents there are, by model name, and whose memory a request uses.
2. `caller.py`, `errors.py`: who asks, and how he is told that it did not work.
3. `app.py`: the application: every part's routes, and what guards them.
4. `chat/`, `responses/`, `audio/`, `realtime/`, `api/`, `web/`: a part a folder, each with its `routes`.
"""

from .app import create_app
from .hosting import Hosting

__all__ = ["Hosting", "create_app"]
