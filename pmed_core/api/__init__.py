"""The prediction service: what other systems of a hospital ask over HTTP, by the verbs of the
service and with a key of their own."""
