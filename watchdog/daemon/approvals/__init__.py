"""Approvals and commands from chat: questions that are open, answers, buttons."""
