"""The least that can answer: a WSGI application of psycopg and orjson, with the statements it is given.

`BARE_QUERIES` is a JSON object: path to the statement, whose rows are the one document, or those of a list
with the total beside each.
"""

import json
import os

import orjson
from psycopg_pool import ConnectionPool

QUERIES = json.loads(os.environ["BARE_QUERIES"])
pool = ConnectionPool(os.environ["BARE_DATABASE"], min_size=1, max_size=8, kwargs={"autocommit": True}, open=False)


def application(environ, start_response):
    pool.open()
    with pool.connection() as connection:
        rows = connection.execute(QUERIES[environ["PATH_INFO"]]).fetchall()
    documents = [orjson.Fragment(row[0]) for row in rows]
    is_list = environ["PATH_INFO"] == "/list"
    body = orjson.dumps({"success": True, "data": documents, "total": rows[0][1]} if is_list else documents[0])
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
