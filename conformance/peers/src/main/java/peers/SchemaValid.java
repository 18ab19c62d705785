package peers;

import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.validation.Schema;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.xml.sax.SAXException;

/** Whether all that we sent is valid by schemas, sorted by what it was. */
final class SchemaValid {
    private static final String SOAP = "http://www.w3.org/2003/05/soap-envelope";
    private static final String ADDRESSING = "http://www.w3.org/2005/08/addressing";
    private static final String XOP = "http://www.w3.org/2004/08/xop/include";
    private static final Map<String, String> TRANSACTIONS = Map.of("urn:ihe:iti:2007:RegistryStoredQuery", "ITI-18",
            "urn:ihe:iti:2007:RegisterDocumentSet-b", "ITI-42", "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b", "ITI-41",
            "urn:ihe:iti:2007:RetrieveDocumentSet", "ITI-43");

    private record Kind(String transaction, String direction, String what) {}

    private static Kind answer(String transaction, String what) {
        return new Kind(transaction, "IPF to dosebook", what);
    }

    private static Kind request(String transaction) {
        return new Kind(transaction, "dosebook to IPF", "requests");
    }

    /** What must have come at least once. */
    private static final List<Kind> KINDS = List.of(
            answer("ITI-18", "answers with whole objects"), answer("ITI-18", "answers with references"),
            answer("ITI-18", "answers with nothing"), answer("ITI-18", "answers that refuse"),
            answer("ITI-42", "answers of success"), answer("ITI-42", "answers that refuse"),
            answer("ITI-41", "answers of success"), answer("ITI-41", "answers that refuse"),
            answer("ITI-43", "answers of success"), answer("ITI-43", "answers of partial success"), answer("ITI-43", "answers that refuse"),
            request("ITI-18"), request("ITI-41"), request("ITI-42"), request("ITI-43"));

    private final Results results;
    private final Map<Kind, List<Element>> bodies = new LinkedHashMap<>();

    SchemaValid(Results results, List<byte[]> envelopes) throws Exception {
        this.results = results;
        KINDS.forEach(kind -> bodies.put(kind, new ArrayList<>()));
        var factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        for (var envelope : envelopes) {
            sort(factory.newDocumentBuilder().parse(new ByteArrayInputStream(envelope)));
        }
    }

    void by(String whose, Schema schema) {
        results.of("ITI-18", "IPF to dosebook", "an answer without its status, not valid by " + whose, () -> {
            var spoilt = (Element) bodies.get(KINDS.get(0)).get(0).cloneNode(true);
            spoilt.removeAttribute("status");
            try {
                schema.newValidator().validate(new DOMSource(spoilt));
            } catch (SAXException refused) {
                return;
            }
            throw new AssertionError("it was valid");
        });
        bodies.forEach((kind, messages) -> results.of(kind.transaction, kind.direction, kind.what + ", valid by " + whose, () -> {
            Same.holds("no message of this kind came", !messages.isEmpty());
            for (var message : messages) {
                schema.newValidator().validate(new DOMSource(message));
            }
        }));
    }

    private void sort(Document envelope) {
        var action = envelope.getElementsByTagNameNS(ADDRESSING, "Action").item(0).getTextContent().strip();
        var transaction = TRANSACTIONS.get(action.replaceAll("Response$", ""));
        if (transaction == null) {
            return;
        }
        var body = first((Element) envelope.getElementsByTagNameNS(SOAP, "Body").item(0));
        inline(body);
        var kind = action.endsWith("Response") ? answer(transaction, "answers " + outcome(body)) : request(transaction);
        bodies.computeIfAbsent(kind, new_ -> new ArrayList<>()).add(body);
    }

    private static String outcome(Element body) {
        // An answer to ITI-43 has its outcome inside.
        var status = body.hasAttribute("status") ? body.getAttribute("status") : first(body).getAttribute("status");
        if (status.endsWith(":Failure")) {
            return "that refuse";
        }
        if (!body.getLocalName().equals("AdhocQueryResponse")) {
            return status.endsWith(":PartialSuccess") ? "of partial success" : "of success";
        }
        var found = first((Element) body.getElementsByTagNameNS("*", "RegistryObjectList").item(0));
        if (found == null) {
            return "with nothing";
        }
        return found.getLocalName().equals("ObjectRef") ? "with references" : "with whole objects";
    }

    /** A document that travels as a part is base64 to the schema (XOP 1.0, section 3). */
    private static void inline(Element body) {
        var includes = body.getElementsByTagNameNS(XOP, "Include");
        while (includes.getLength() > 0) {
            includes.item(0).getParentNode().setTextContent("AA==");
        }
    }

    private static Element first(Element parent) {
        for (var child = parent.getFirstChild(); child != null; child = child.getNextSibling()) {
            if (child instanceof Element element) {
                return element;
            }
        }
        return null;
    }
}
