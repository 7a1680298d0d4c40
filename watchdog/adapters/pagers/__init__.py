"""Pagers that can be read: people's responses to our pages, one file each. Writing to them is adapters/notifiers/."""
