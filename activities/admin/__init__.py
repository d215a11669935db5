from activities.admin import activity, api_key, review

__all__ = ["activity", "api_key", "review"]
