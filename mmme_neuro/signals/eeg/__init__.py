"""Is it brain?"""
