"""What people see of finished runs: run folders become rows, rows become a table."""
