"""What every page of the site shares. It knows no subject."""
