"""REST version 2: everything a member can do with photos and their captions."""
