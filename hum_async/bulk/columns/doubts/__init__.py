"""What is in doubt about the columns of an address, and how to go on."""
