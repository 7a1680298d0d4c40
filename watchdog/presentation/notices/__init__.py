"""The texts of notices about incidents, made of their facts when they are sent."""
