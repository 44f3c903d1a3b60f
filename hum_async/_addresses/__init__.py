"""Addresses before they are sent: states, ZIP codes and their spellings."""
