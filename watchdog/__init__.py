"""watchdog: guards a web site on Render and rolls a bad deploy back, safely."""

__version__ = "0.1.0"
