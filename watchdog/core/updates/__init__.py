"""Notices beside incidents: stakeholders, deploys that went well, the weekly digest, reminders."""
