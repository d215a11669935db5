from recommender.admin import model_version, order_history, suggested_line

__all__ = ["model_version", "order_history", "suggested_line"]
