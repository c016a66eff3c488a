"""A new page: its files, and what is still to be written in them."""
