"""Everything that touches the outside: signals, platforms, notifiers, stores. Floor 3; knows nothing of the daemon."""
