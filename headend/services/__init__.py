"""What people and poles ask for, each one transaction: plain functions that take the ports first."""
