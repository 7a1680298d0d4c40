"""Public status pages: how a group of services is, for anybody, in plain words.

public_views.py      what is said of a service and of an incident, and what is not (pure)
calendar.py  the last 90 days, hour by hour
public_queries.py   both together, at most twice a minute
app.py       the page and its JSON, without a login

Rule 1: what stands on a page is made of names that the configuration gave for it, of states, of times and of words of
ours: no text of a reading, a deploy or a person can reach it, since no field of `public_views.py` holds one.
Rule 2: it tells how things are. A silence keeps us from calling people who know already; whoever looks at the page has
the outage before their eyes, so a silenced incident is shown like any other; so is one that was meant to be
(`Incident.planned`: its owner suspended the service).
"""
