"""Built-in tools, registered through the same entry points as a stranger's plugin."""
