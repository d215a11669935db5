from activities.admin import activity, api_key, job, review, review_rule, run, suggested_line

__all__ = ["activity", "api_key", "job", "review", "review_rule", "run", "suggested_line"]
