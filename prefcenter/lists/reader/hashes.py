"""Hashes of addresses, in hex, which some files have in place of addresses. Without space around them."""

import re

SHA256 = re.compile(r"[0-9a-fA-F]{64}")
#: MD5 and SHA-1, by which no address is found.
OTHER = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{40}")
ANY = re.compile(f"{SHA256.pattern}|{OTHER.pattern}")
