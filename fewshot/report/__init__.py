"""What people see of finished runs: run folders become rows, rows become one table and a verdict in words.

folders ──► runs ──► rows (seeds folded) ──► Comparison ──► columns ──► layout | markdown | latex
                                                 └──► verdict, as_json
"""
