# Asks the gavel that is installed, so that it never completes what is gone.
gavel completions fish | source
