"""Assessments of one incident: severity, blame, the suspect and the rollback target, suppression. Pure."""
