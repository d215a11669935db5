"""What the form of an activity's page, or of its review, shows and sends along."""

import re


def seen_in(page) -> str:
    """What the form says it was built from."""
    return re.search(r'name="seen" value="([^"]+)"', page.content.decode())[1]


def feedback_on(page) -> tuple[dict[str, str], int | None, str]:
    """Answered lines, rating and comment, as they stand in the form."""
    text = page.content.decode()
    answers = dict(re.findall(r'name="outcome-([^"]+)" value="(accepted|rejected)" checked', text))
    rating = re.search(r'value="([1-5])" selected>\1 of 5', text)
    comment = re.search(r'<textarea name="comments"[^>]*>([^<]*)</textarea>', text)
    return answers, rating and int(rating[1]), comment[1]
