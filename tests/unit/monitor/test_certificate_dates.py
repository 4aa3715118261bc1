"""When certificates end, as somebody else reads them too."""

import ssl

import pytest
import trustme
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from monitor.http.certificate_dates import NoCertificate, not_after_s


@pytest.mark.parametrize("kind", [trustme.KeyType.ECDSA, trustme.KeyType.RSA])
def test_the_end_is_that_which_another_library_finds(kind: trustme.KeyType) -> None:
    pem = trustme.CA(key_type=kind).issue_cert("a.example.com").cert_chain_pems[0].bytes()
    expected = x509.load_pem_x509_certificate(pem).not_valid_after_utc.timestamp()
    assert not_after_s(ssl.PEM_cert_to_DER_cert(pem.decode())) == expected


@given(st.binary(max_size=200))
def test_nonsense_is_no_certificate(der: bytes) -> None:
    with pytest.raises(NoCertificate):
        not_after_s(der)
