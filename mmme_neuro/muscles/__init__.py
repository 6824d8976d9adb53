"""How much of it is the face?"""
