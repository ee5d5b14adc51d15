"""Whether a pause is the end of the user's turn: by the sound, by the words, by this user's habit."""
