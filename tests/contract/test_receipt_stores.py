"""One suite, every store: receipts are kept once, in order, and for as long as history is."""

from dataclasses import replace

from alerts.receipts import Receipt
from monitor.store.ports import Store
from tests.builders import NOW_MS

ON_POSTGRES = True
NOW_S = NOW_MS / 1000
SENT = Receipt("SM1", "sent", is_final=False, succeeded=False, detail="", at=NOW_S)
LOST = Receipt("SM1", "undelivered", is_final=True, succeeded=False, detail="30003, the phone is off", at=NOW_S + 5)


async def test_receipts_come_back_as_they_went_in_oldest_first(store: Store) -> None:
    assert await store.receipts.add("n1", LOST)
    assert await store.receipts.add("n1", SENT)
    assert await store.receipts.add("n2", replace(SENT, reference="SM2"))
    assert await store.receipts.of("n1") == [SENT, LOST]
    assert await store.receipts.of("n3") == []


async def test_a_receipt_that_comes_again_is_no_news(store: Store) -> None:
    assert await store.receipts.add("n1", SENT)
    assert not await store.receipts.add("n1", replace(SENT, at=NOW_S + 60))
    assert await store.receipts.of("n1") == [SENT]


async def test_what_a_service_says_is_kept_as_it_came(store: Store) -> None:
    odd = replace(SENT, status="\0sent", detail="\0\ue000")
    assert await store.receipts.add("n\0", odd)
    assert await store.receipts.of("n\0") == [odd]


async def test_a_second_message_about_the_same_has_receipts_of_its_own(store: Store) -> None:
    again = replace(SENT, reference="SM2")
    assert [await store.receipts.add("n1", each) for each in (SENT, again)] == [True, True]
    assert await store.receipts.of("n1") == [SENT, again]
