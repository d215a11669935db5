from activities.admin import activity, api_key, run

__all__ = ["activity", "api_key", "run"]
