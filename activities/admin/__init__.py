from activities.admin import activity, api_key

__all__ = ["activity", "api_key"]
