"""The commands that people give: what one is, and the table of all."""
