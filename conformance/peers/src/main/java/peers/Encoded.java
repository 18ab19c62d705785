package peers;

import java.util.Map;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.openehealth.ipf.platform.camel.ihe.ws.AbstractWsEndpoint;

/** How a message must have come: CXF also reads the other encoding, and would not say. */
final class Encoded {
    static final Processor SIMPLE = exchange -> expect(exchange, "application/soap+xml");
    static final Processor MTOM = exchange -> expect(exchange, "multipart/related", "application/xop+xml", "start-info=\"application/soap+xml\"");

    private Encoded() {}

    private static void expect(Exchange exchange, String begins, String... contains) {
        var headers = exchange.getMessage().getHeader(AbstractWsEndpoint.INCOMING_HTTP_HEADERS, Map.class);
        Object type = null;
        for (var header : headers.entrySet()) {
            var entry = (Map.Entry<?, ?>) header;
            if ("content-type".equalsIgnoreCase(String.valueOf(entry.getKey()))) {
                type = entry.getValue();
            }
        }
        var text = String.valueOf(type);
        Same.holds("Content-Type " + text, text.startsWith(begins));
        for (var part : contains) {
            Same.holds("Content-Type " + text, text.contains(part));
        }
    }
}
