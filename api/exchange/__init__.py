"""Tables brought in: read as they are, mapped by a small file, turned into dated facts or refused by row and column."""
