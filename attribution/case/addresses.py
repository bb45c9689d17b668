"""Addresses of sources."""


def web_address(url: str) -> str:
    """Return an address that may be linked to.

    Parameters
    ----------
    url
        Text from a table.

    Returns
    -------
    str
        The address if it is one of the web, "" for any other text: a reader who follows it must not
        run anything.
    """
    plain = url.isprintable() and not any(mark in url for mark in ' "<>\\^`{|}')
    return url if plain and url.lower().startswith(("https://", "http://")) else ""
