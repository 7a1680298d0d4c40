"""The texts of what a person orders on a service's branch: plans, messages of commits, lines of the record."""
