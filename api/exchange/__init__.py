"""Tables brought in: read as they are, mapped by a small file, and turned into dated facts or refused by row and column."""
