"""The consent events in order: read as a feed, settled up to a watermark, sealed by the hour."""
