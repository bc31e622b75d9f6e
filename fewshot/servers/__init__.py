"""What the backends that talk to a server share; they do not know each other.

address     where to send, with which key and headers, and what of them may be printed
secrets     takes keys, tokens, passwords out of every text
transport   sends one request, within bounds
exchange    a backend that asks a server: one request and what becomes of it: adapted, read, failed
prompt_counts   which prompts a server has cut, told from the tokens that it counts
adapting    the parameters that a server refuses, learned once per run
reasoning   room for thoughts in the limit of an answer
failures    an error reply as one clear line, without secrets
hub, hub_bounds   the Hugging Face hub, within bounds
limits      the rate limits that a server states in its headers
streams     the JSON in the body of a 200, streamed or not
reading     the completion in that JSON
"""
