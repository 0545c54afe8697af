"""The pages for people. They translate a tap into one verb of the engine and show what it did."""
