"""Where code is kept: repositories that can be asked which commits are on a branch."""
