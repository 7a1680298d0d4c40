"""The web console: what the watchdog knows, on pages for people and as JSON for programs; and what people ask of it.

`world.py` is what it is given; `reading.py` makes `views.py` of it; `pages.py` and `api.py` show them behind `gate.py`;
`acting.py` and `api_commands.py` take what people ask for to the daemon by way of `desk.py`.

Rule 1: nothing here decides or changes anything: a click becomes the command that the command line would send, and the
daemon answers. Nothing here is imported unless the configuration enables it.
Rule 2: every foreign word is data: cleaned when a view is made, escaped when a page is; a page runs no script but ours.
"""
