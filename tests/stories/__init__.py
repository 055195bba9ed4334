"""Stories: a company's year, told once in the words of the trade and lived on every path."""
