"""What is kept about one contact: shown to staff and to the contact, erased, and proved."""
