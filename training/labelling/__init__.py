"""Texts of every kind of file in, labelled rows of every kind of file out."""
