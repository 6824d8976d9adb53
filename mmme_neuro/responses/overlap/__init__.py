"""Which response belongs to which event?"""
