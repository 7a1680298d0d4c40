"""The commands of people: their type, and the table of all."""
