"""For those who make the law: versions, drafts and what they would change; worked examples, checks, coverage, mutation, scaffolds."""
