"""The words of an outlook, and what they are made of."""
