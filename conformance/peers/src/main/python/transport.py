"""How zeep's messages travel: over mutual TLS, and to a Repository by MTOM/XOP, which zeep reads but does not write."""

import base64
import uuid

import requests
from lxml import etree
from zeep.transports import Transport

IHE = "urn:ihe:iti:xds-b:2007"
XOP = "http://www.w3.org/2004/08/xop/include"


class Simple(Transport):
    """SOAP without documents."""

    answered_by = "application/soap+xml"

    def __init__(self, certificates, name):
        session = requests.Session()
        # Nothing of the environment: it may name other CAs, and a proxy.
        session.trust_env = False
        session.cert = (f"{certificates}/{name}.pem", f"{certificates}/{name}.key")
        session.verify = f"{certificates}/ca.pem"
        super().__init__(session=session, timeout=30, operation_timeout=30)

    def post(self, address, message, headers):
        answer = super().post(address, message, headers)
        media_type = answer.headers.get("Content-Type", "")
        if not media_type.startswith(self.answered_by):
            raise AssertionError(f"Content-Type: expected {self.answered_by}, was {media_type}")
        return answer


class Mtom(Simple):
    """Each document is a part of its own (XOP 1.0)."""

    answered_by = "multipart/related"

    def post_xml(self, address, envelope, headers):
        documents = {}
        for element in envelope.iter(f"{{{IHE}}}Document"):
            name = f"{uuid.uuid4()}@peers"
            documents[name] = base64.b64decode(element.text or "")
            element.text = None
            etree.SubElement(element, f"{{{XOP}}}Include", href=f"cid:{name}")
        boundary = f"boundary-{uuid.uuid4()}"
        root = 'application/xop+xml; charset=UTF-8; type="application/soap+xml"'
        parts = [_part("root@peers", root, etree.tostring(envelope, encoding="UTF-8"))]
        parts += [_part(name, "application/octet-stream", content) for name, content in documents.items()]
        between = f"--{boundary}\r\n".encode()
        message = b"".join(between + part + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode()
        related = (
            'multipart/related; type="application/xop+xml"; start="<root@peers>"; '
            f'start-info="application/soap+xml"; boundary="{boundary}"'
        )
        return self.post(address, message, {**headers, "Content-Type": related})


def _part(name, media_type, content):
    head = f"Content-ID: <{name}>\r\nContent-Type: {media_type}\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    return head.encode() + content
