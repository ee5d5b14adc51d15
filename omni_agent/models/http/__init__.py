"""Models behind an HTTP server: one client, `model.py`, and a dialect of data and small functions for each
kind of server, `dialects.py`. What each of them can do, and how it is started, is told in docs/models.md."""
