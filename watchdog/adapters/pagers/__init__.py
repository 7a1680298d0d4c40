"""Pagers that can be read: what humans did about our pages, one file each. Writing them is adapters/notifiers/."""
