from activities.admin import activity, api_key, review, run

__all__ = ["activity", "api_key", "review", "run"]
