"""What backends that talk to a server share: addresses, what a server will not take, what went wrong, what it said.

    address     where to send, with which key, and what of that may be shown
    adapting    the parameters that a server refuses, learnt once
    reasoning   room for thoughts in the limit of an answer
    failures    errors as one clear line, without secrets
    reading     the body of a 200

A floor below the backends, which do not know each other.
"""
