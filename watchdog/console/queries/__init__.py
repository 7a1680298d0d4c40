"""Queries of pages and API, from the store and from memory."""
