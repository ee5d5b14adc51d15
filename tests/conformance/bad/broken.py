"""Cannot be imported."""

raise RuntimeError("the gate is shut")
