# Asks the gavel that is installed, so that it never completes what is gone.
source <(gavel completions bash)
