"""The commands, one file per topic; each translates between a terminal and a flow."""
