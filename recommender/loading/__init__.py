"""Order history on its way into the database.

`merge` is for callers with rows in hand (the API, the demo), `order_import` for files. Both fill
temporary tables by COPY and let the same set-based SQL decide what is new, changed or as it was.
"""
