"""How the columns of a file are read.

headings.py and vocabulary.py know words, cells.py and dates.py read cells, consent.py says what a cell means,
hubspot.py knows one system's columns; roles.py puts the columns of one table together. asking.py and questions.py find
what has to be asked, answers.py keeps what was answered, validating.py refuses answers that don't fit.
"""
