"""Actions on production: one request, its outcome reconciled with the platform's deploy list."""
