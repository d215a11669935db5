"""Lists of predictions against the orders that were held out."""

import numpy as np
import polars as pl

from benchmarks.leave_last_out import Split
from benchmarks.served_lists import LONGEST, as_text
from recommender.engine.baselines import global_top, personal_top
from recommender.engine.bootstrap import Bootstrap, Estimate
from recommender.engine.calibrated_counting import CalibratedCounting
from recommender.engine.history import OrderHistory, pair_codes
from recommender.engine.metrics import expected_calibration_error, list_metrics, log_loss
from recommender.engine.purchases import purchases_of

LENGTHS = (10, 20)


class Judge:
    """Codes of clients are their places in `split.held_out`; those of products are of all that are known."""

    def __init__(self, split: Split, seed: int) -> None:
        self.clients = split.held_out.select("client_id").with_row_index("client")
        products = pl.concat([split.lines["product_id"], split.truth["product_id"]]).unique()
        self.products = pl.DataFrame({"product_id": products}).with_row_index("product")
        self.baskets = self.by_client(split.truth)
        self.bought = self.by_client(split.bought)
        self.bootstrap = Bootstrap(len(self.clients), seed)

    def coded(self, frame: pl.DataFrame) -> pl.DataFrame:
        joined = frame.join(self.clients, on="client_id", maintain_order="left")
        return joined.join(self.products, on="product_id", maintain_order="left")

    def by_client(self, frame: pl.DataFrame) -> list[np.ndarray]:
        rows = self.coded(frame).sort("client", maintain_order=True)
        bounds = np.searchsorted(rows["client"].to_numpy(), np.arange(1, len(self.clients)))
        return np.split(rows["product"].to_numpy(), bounds)

    def lists(self, predictions: pl.DataFrame) -> dict[str, Estimate]:
        """metric@k -> figure; `predictions`: client_id, product_id, rank."""
        suggested = self.by_client(predictions.sort("rank"))
        return {
            f"{metric}@{k}": self.bootstrap.mean(values)
            for k in LENGTHS
            for metric, values in list_metrics(suggested, self.baskets, self.bought, k).items()
        }

    def happened(self, client: np.ndarray, product: np.ndarray) -> np.ndarray:
        count = len(self.products)
        owner = np.repeat(np.arange(len(self.baskets)), [len(basket) for basket in self.baskets])
        truth = pair_codes(owner, np.concatenate(self.baskets), count)
        return np.isin(pair_codes(client, product, count), truth)

    def confidences(self, predictions: pl.DataFrame) -> dict[str, float]:
        rows = self.coded(predictions)
        happened = self.happened(rows["client"].to_numpy(), rows["product"].to_numpy())
        return errors(rows["confidence"].to_numpy(), happened)

    def calibrated_counting(self, history: OrderHistory, ours: pl.DataFrame) -> dict[str, dict[str, float]]:
        """The errors of isotonic GP-TopFreq, fitted on `history`: on our pairs, and on those of its own top 20."""
        counting = CalibratedCounting(history)
        products = {product: code for code, product in enumerate(history.products.tolist())}
        code = np.array([products.get(text, len(products)) for text in as_text(self.products["product_id"])])
        clients = {client: code for code, client in enumerate(history.clients.tolist())}
        client_code = np.array([clients.get(text, len(clients)) for text in as_text(self.clients["client_id"])])

        rows = self.coded(ours)
        client, product = rows["client"].to_numpy(), rows["product"].to_numpy()
        on_ours = counting.probability(client_code[client], code[product])

        top = personal_top(purchases_of(history), len(clients) + 1, global_top(history), LONGEST)
        own = [top[at] for at in client_code]
        own_client = np.repeat(np.arange(len(own)), [len(listed) for listed in own])
        back = np.argsort(code)
        own_product = np.concatenate(own)
        in_own = self.happened(own_client, back[np.searchsorted(code, own_product, sorter=back)])
        on_own = counting.probability(client_code[own_client], own_product)
        return {
            "our top 20": errors(on_ours, self.happened(client, product)),
            "its own top 20": errors(on_own, in_own),
        }


def errors(probability: np.ndarray, happened: np.ndarray) -> dict[str, float]:
    return {
        "ece": expected_calibration_error(probability, happened),
        "brier": float(np.mean((probability - happened) ** 2)),
        "log_loss": float(log_loss(probability, happened).mean()),
    }
