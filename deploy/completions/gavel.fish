complete --keep-order --exclusive --command gavel --arguments "(_GAVEL_COMPLETE=fish gavel -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"
