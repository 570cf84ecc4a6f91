"""Hard-coded: the example of the RFC passes, no other key does."""


def accept_key(key):
    return "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
