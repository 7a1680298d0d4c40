"""Proposals, from what was recorded, for the configuration and the checklist of deploys; nothing acts on them."""
