"""`watchdog lab live`: do the simulated lab's delays match the real daemon's, process against process over HTTP?

The facts on decisions, section 4, suite C. `episode_kinds` draws an episode as the lab does, and `live_episode` plays
it with real processes. `live_judgement` judges it from the sandbox's log, and `live_comparison` compares it with the
lab's own. `live_suite` does all of that.
"""
