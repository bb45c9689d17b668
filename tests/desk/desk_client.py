"""A desk to be asked in the same process."""

import warnings

with warnings.catch_warnings():
    # It would rather have another client than httpx, and says so when imported.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

from attribution.desk.app import create_app
from attribution.desk.security import Policy
from attribution.desk.uploads import Limits, Uploads

BASE = "http://127.0.0.1:8321"
ERBIL = "20210215-erbil-airport"
HOSTILE = "<script>alert('x')</script>\"'&"
#: Every page, as an address.
PAGES = (
    "/incidents",
    f"/incidents/{ERBIL}",
    f"/incidents/{ERBIL}?actor=isis&against=kataib_hezbollah",
    f"/incidents/{ERBIL}/what-if?weapon_type=drone&claim=",
    f"/incidents/{ERBIL}/as-of?first=2021-02-24&second=2021-06-01",
    "/what-if?weapon_type=rocket&country=Iraq",
    "/shares",
    "/brands",
    "/brands/saraya_awliya_al_dam",
    "/labellers",
    "/labellers/isw",
    "/score",
    "/api",
    "/pictures",
)
ENDPOINTS = (
    "/api/incidents",
    f"/api/incidents/{ERBIL}",
    "/api/shares",
    "/api/brands",
    "/api/labellers",
)


def client_of(posterior, policy=None, limits=None, base=BASE):
    app = create_app(posterior, policy or Policy(), Uploads(limits or Limits()))
    return TestClient(app, base_url=base, follow_redirects=False)
