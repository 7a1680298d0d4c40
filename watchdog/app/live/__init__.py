"""`watchdog lab live`: are the simulated lab's delays those of the real daemon, process against process over HTTP?

The facts on decisions, section 4, suite C. `kinds` draws an episode as the lab does, `episode` plays it with real
processes, `judging` reads from the sandbox's log what came of it, `comparison` sets it beside the lab's own, and
`suite` does all of that.
"""
