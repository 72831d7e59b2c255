"""The hardware's side of `contract.md`: one folder per board, and what all boards share."""
