from recommender.admin import model_version, order_history

__all__ = ["model_version", "order_history"]
