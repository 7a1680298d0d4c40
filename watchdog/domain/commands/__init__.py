"""The commands of people: their type, the table of all, and the announcements that they post."""
