"""A simulated cloud on loopback over real HTTP: a site, Render, Sentry, pagers, status pages.

Rule: it knows nothing of the daemon, and imports nothing of ours from outside this folder.
"""
