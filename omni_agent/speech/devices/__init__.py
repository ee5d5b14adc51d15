"""Microphones and loudspeakers: what a conversation needs of them, and those of this machine."""
