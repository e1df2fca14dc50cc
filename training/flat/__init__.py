"""A fitted classifier as one flat file of numbers, and the ways to label texts by it."""
