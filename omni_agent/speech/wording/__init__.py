"""From text to what is said: clauses, and numbers, dates and signs in words."""
