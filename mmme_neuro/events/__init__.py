"""What did the coders write?"""
