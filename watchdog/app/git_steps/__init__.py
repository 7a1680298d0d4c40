"""What a person orders on a service's branch after a rollback, in the command's own process: no daemon has a part."""
