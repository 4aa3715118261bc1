"""Where do somebody's samples count?"""

from monitor.naming import Naming
from monitor.store.ports import Client, Series
from monitor.store.scopes import SCOPES, is_told_whole, scopes_of
from tests.builders import ACCOUNT, ALICE, ROOM

CLIENT = Client("twilio-video.js", "2.36.0", browser="Chrome 156", network="4g", edge="ie1", media_region="us1")
SERIES = Series(ROOM, ALICE, "acme:class:1", None, ACCOUNT, CLIENT)


def test_a_tenant_is_a_scope_where_names_tell_it() -> None:
    scopes = scopes_of(Naming(tenants=["acme"]))
    assert scopes["tenant"](SERIES) == "acme"
    assert scopes["tenant"](Series(ROOM, ALICE, "initech:class:1")) == "other"
    assert "tenant" not in scopes_of(Naming())


def test_an_sdk_is_its_name_and_its_version() -> None:
    assert SCOPES["sdk"](SERIES) == "twilio-video.js 2.36.0"
    assert SCOPES["sdk"](Series(ROOM, ALICE)) is None


def test_who_has_not_told_the_browser_has_not_told_all() -> None:
    assert is_told_whole(SERIES, SCOPES)
    assert not is_told_whole(Series(ROOM, ALICE, account_sid=ACCOUNT), SCOPES)


def test_a_region_is_where_media_is_and_an_edge_where_signaling_enters() -> None:
    assert [SCOPES[scope](SERIES) for scope in ("region", "edge")] == ["us1", "ie1"]
