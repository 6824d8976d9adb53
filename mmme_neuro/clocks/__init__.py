"""When did it happen?"""
