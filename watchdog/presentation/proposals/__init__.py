"""Proposals: what the configuration may lack, from what was recorded; nothing acts on them."""
