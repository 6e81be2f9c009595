"""Tables of texts in several formats, read and written in blocks of rows.

`open_table` reads a table of any format, `writing` writes one.
"""
