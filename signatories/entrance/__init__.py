"""The way to the desk: passwords, second factors, and what one does about them. The rules are in letters/accounts.py.

It stands here, beside the desk, because its limits count in signatories/limits.py: in the database, where all
processes see them and simultaneous tries are counted right. django-allauth's own limits are switched off; they
would sit in a cache, which here is one per process.
"""
