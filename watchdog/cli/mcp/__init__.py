"""The Model Context Protocol server of `watchdog mcp`."""
