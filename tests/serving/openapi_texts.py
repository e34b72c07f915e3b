"""For schemathesis: bodies that are text are compared with their schema, too. By itself it reads JSON and YAML only."""

import schemathesis


@schemathesis.deserializer("text/plain", "text/html")
def text(_context, response):
    return response.content.decode("utf-8")
