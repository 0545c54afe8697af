"""The engine: it remembers, decides and signs. It has no pages and knows of no site."""
