"""Do coders agree?"""
