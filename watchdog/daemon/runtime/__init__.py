"""The runtime: the real clock, cancellable sleep, loop lag, garbage collection."""
