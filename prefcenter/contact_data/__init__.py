"""All that is kept about one contact: for staff (`profile`), for the contact (`export`), to erase, and as a proof."""
