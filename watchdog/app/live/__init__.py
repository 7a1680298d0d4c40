"""`watchdog lab live`: are the simulated lab's delays those of the real daemon, process against process over HTTP?

The facts on decisions, section 4, suite C. `episode_kinds` draws an episode as the lab does, `live_episode` plays it
with real processes, `live_judgement` reads from the sandbox's log what came of it, `live_comparison` sets it beside the
lab's own, and `live_suite` does all of that.
"""
