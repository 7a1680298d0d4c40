"""Public status pages: the availability of a group of services, without a login, in plain words.

public_views.py          the text for a service and an incident, and its limits (pure)
public_announcements.py  what people announce, for visitors (pure)
calendar.py              the last 90 days, hour by hour
public_queries.py        all of it together, at most twice a minute
feed.py, badges.py       the page as an Atom feed, and its states as small pictures (pure)
app.py                   page, JSON, feed and badges, without a login

Rule 1: a page consists of names that the configuration gives it, of states, of times, of our own words, and of the
announcements that people wrote for it. No other text of a person, a reading or a deploy can reach it, since no field of
`public_views.py` holds one.
Rule 2: a page shows the real state. A silence suppresses notifications for people who know already; a visitor sees the
outage, so a silenced incident is shown like any other. So is a planned one (`Incident.planned`: its owner suspended the
service).
"""
