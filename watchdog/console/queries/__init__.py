"""What pages and the API read, from the store and from memory."""
