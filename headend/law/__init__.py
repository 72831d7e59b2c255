"""The legal texts as dated data, and the rule-sets drawn from them. Nothing here decides; `headend.domain.lawful` does."""
