"""Which regions went together?"""
