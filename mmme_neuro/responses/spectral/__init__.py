"""Which rhythms followed?"""
