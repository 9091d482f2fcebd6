"""A made-up community: who lives where, what happened in one week, and the sheets six sources made of it."""
