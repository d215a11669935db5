"""The least that can answer: a WSGI application of psycopg and orjson, with the queries it is given.

`BARE_QUERIES` is a JSON object: path to the statements, whose rows are the documents of a list, or
one document, and the total.
"""

import json
import os

import orjson
import psycopg
from psycopg_pool import ConnectionPool

QUERIES = json.loads(os.environ["BARE_QUERIES"])
pool = ConnectionPool(os.environ["BARE_DATABASE"], min_size=1, max_size=8, kwargs={"autocommit": True}, open=False)


def application(environ, start_response):
    pool.open()
    documents, total = QUERIES[environ["PATH_INFO"]]
    with pool.connection() as connection:
        found = [orjson.Fragment(text) for (text,) in connection.execute(documents)]
        answer = {"success": True, "data": found, "total": count(connection, total)} if total else found[0]
    body = orjson.dumps(answer)
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def count(connection: psycopg.Connection, statement: str) -> int:
    return connection.execute(statement).fetchone()[0]
