"""What those who write the law need: worked examples, checks, coverage, mutation, formatting and scaffolds."""
