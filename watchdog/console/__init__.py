"""The web console: pages for people, JSON for programs, and the commands that people give there.

auth/       the identity of the visitor: login, session, OpenID Connect, proxy, roles, CSRF
queries/    the facts of each page, read from the store and from memory; views/ the plain data made of them
render/     view models to HTML, SVG and JSON; routes/ the URLs
public/     status pages, readable without a login
command_service.py  hands a command to the daemon; dependencies.py lists everything the console receives

Rule 1: nothing here decides or changes anything: a click becomes the command that the command line would send, and the
daemon answers. Nothing here is imported unless the configuration enables it.
Rule 2: foreign text is data: cleaned when a view is made, escaped when rendered; a page runs no script but ours.
"""
