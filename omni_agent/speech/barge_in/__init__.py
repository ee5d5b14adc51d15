"""A voice over the agent's: a nod, a noise, or somebody who wants the floor."""
