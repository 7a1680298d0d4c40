"""What the record says, in the words people read, on a terminal or a page.

Pure: it reads no clock and no store, but for `numbers.py`, which is given both.
"""
