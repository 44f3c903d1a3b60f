"""US addresses as text: characters, states and ZIP codes, parts of a line, spellings."""
