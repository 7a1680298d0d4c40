"""The vendors' APIs over the sandbox's state, one file each."""
