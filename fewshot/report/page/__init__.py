"""The page: finished runs as one HTML file for a person who would rather look than read."""
