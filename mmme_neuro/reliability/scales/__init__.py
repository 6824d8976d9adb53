"""Do items agree?"""
