"""The terms of the field as frozen types, without behaviour. Floor 0: imports nothing else of the package."""
