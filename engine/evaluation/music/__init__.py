"""The whole cascade, measured: does the music do what was asked, and does it sound like music?"""
