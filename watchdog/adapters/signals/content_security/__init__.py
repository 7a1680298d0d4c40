"""The signal `csp`: the policy of a page (Content-Security-Policy, level 3), and the resources that it would block."""
