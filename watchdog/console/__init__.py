"""The web console: what the watchdog knows, on pages for people and as JSON for programs. It only reads.

`world.py` is what it is given; `reading.py` makes `views.py` of it; `pages.py` and `api.py` show them behind `gate.py`.

Rule 1: nothing here changes anything; nothing here is imported unless the configuration enables it.
Rule 2: every foreign word is data: cleaned when a view is made, escaped when a page is; a page runs no script but ours.
"""
