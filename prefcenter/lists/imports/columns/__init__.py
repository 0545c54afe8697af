"""How the columns of a file are read: what each may say, what is asked about it, what was answered."""
