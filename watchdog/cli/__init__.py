"""The roof: what a person types and reads in a terminal. Renders what others decided; decides nothing."""
