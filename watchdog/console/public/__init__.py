"""Public status pages: the availability of a group of services, without a login, in plain words.

public_views.py    the text for a service and an incident, and its limits (pure)
calendar.py        the last 90 days, hour by hour
public_queries.py  both together, at most twice a minute
app.py             the page and its JSON, without a login

Rule 1: a page consists of names that the configuration gives it, of states, of times and of our own words. No text of a
reading, a deploy or a person can reach it, since no field of `public_views.py` holds one.
Rule 2: a page shows the real state. A silence suppresses notifications for people who know already; a visitor sees the
outage, so a silenced incident is shown like any other. So is a planned one (`Incident.planned`: its owner suspended the
service).
"""
