"""Pages of long lists of wide rows."""

from django.core.paginator import Page, Paginator


class KeysFirst(Paginator):
    """Finds a page's rows by their keys, which an index may tell, and reads no other row, however far the page is."""

    def page(self, number: int) -> Page:
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        keys = list(self.object_list.values_list("pk", flat=True)[start : start + self.per_page])
        return self._get_page(self.object_list.filter(pk__in=keys), number, self)
