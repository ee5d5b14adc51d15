"""Speech, a step a folder.

    sound ─▶ hearing ─▶ words      hearing/    what is voice, and what it says
                                   turn_end/   whether a pause ends the user's turn
                                   barge_in/   what a voice over the agent's wants
    text  ─▶ wording ─▶ voices     wording/    clauses, and text as it is read aloud
                                   voices/     the engines, when each word is said, joins
             devices               devices/    microphones and loudspeakers

`delivery.py` speaks a reply while it is written; `playback.py` knows what of it was heard.
"""
