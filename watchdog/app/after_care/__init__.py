"""What a person orders after an incident, in the command's own process: no daemon has a part."""
