"""The command line: the verbs parse, call and print; they hold no logic."""
