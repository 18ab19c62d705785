package peers;

import java.io.InputStream;
import java.net.URL;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.Source;
import javax.xml.transform.stream.StreamSource;
import javax.xml.validation.Schema;
import javax.xml.validation.SchemaFactory;
import org.w3c.dom.ls.DOMImplementationLS;

/** Schemas with all that they import, wherever they lie. */
record Schemas(SSLContext tls) {
    /** Those of ebRS 3.0 and IHE, which are inside IPF. */
    Schema ofPeer() throws Exception {
        return read(Schemas.class.getResource("/wsdl/schema/IHE/IHEXDSB.xsd"));
    }

    /** Those that a node serves beside its WSDLs. */
    Schema served(Node node) throws Exception {
        return read(imported(node.registry(), "query.xsd"), imported(node.repository(), "xds-b.xsd"));
    }

    /** The schema of that name which the WSDL of an actor imports. */
    private URL imported(String actor, String name) throws Exception {
        var wsdl = new URL(actor + "?wsdl");
        var factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        try (var content = open(wsdl)) {
            var imports = factory.newDocumentBuilder().parse(content).getElementsByTagNameNS(XMLConstants.W3C_XML_SCHEMA_NS_URI, "import");
            for (var at = 0; at < imports.getLength(); at++) {
                var location = imports.item(at).getAttributes().getNamedItem("schemaLocation").getNodeValue();
                if (location.endsWith("/" + name)) {
                    return new URL(wsdl, location);
                }
            }
        }
        throw new AssertionError(wsdl + " imports no " + name);
    }

    private Schema read(URL... roots) throws Exception {
        var factory = SchemaFactory.newInstance(XMLConstants.W3C_XML_SCHEMA_NS_URI);
        // Two of IHE's files share a namespace.
        factory.setFeature("http://apache.org/xml/features/honour-all-schemaLocations", true);
        var implementation = DocumentBuilderFactory.newInstance().newDocumentBuilder().getDOMImplementation();
        var inputs = (DOMImplementationLS) implementation.getFeature("LS", "3.0");
        factory.setResourceResolver((type, namespace, publicId, systemId, base) -> {
            try {
                var url = new URL(new URL(base), systemId);
                var input = inputs.createLSInput();
                input.setSystemId(url.toString());
                input.setByteStream(open(url));
                return input;
            } catch (Exception missing) {
                throw new IllegalStateException(systemId + ", imported by " + base, missing);
            }
        });
        var sources = new Source[roots.length];
        for (var at = 0; at < roots.length; at++) {
            sources[at] = new StreamSource(open(roots[at]), roots[at].toString());
        }
        return factory.newSchema(sources);
    }

    private InputStream open(URL url) throws Exception {
        var connection = url.openConnection();
        if (connection instanceof HttpsURLConnection https) {
            https.setSSLSocketFactory(tls.getSocketFactory());
        }
        return connection.getInputStream();
    }
}
