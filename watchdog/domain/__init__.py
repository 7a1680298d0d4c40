"""The words of the trade: frozen types, no behaviour to fear. Floor 0: imports nothing of ours."""
