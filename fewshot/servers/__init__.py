"""What the backends that talk to a server share; they do not know each other.

address     where to send, with which key, and what of both may be printed
adapting    the parameters that a server refuses, learned once per run
reasoning   room for thoughts in the limit of an answer
failures    an error reply as one clear line, without secrets
limits      the rate limits that a server states in its headers
reading     the body of a 200
"""
