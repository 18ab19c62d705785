package peers;

import static org.openehealth.ipf.platform.camel.ihe.xds.XdsCamelValidators.*;

import java.util.List;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.impl.DefaultCamelContext;
import org.openehealth.ipf.commons.ihe.xds.core.requests.DocumentReference;
import org.openehealth.ipf.commons.ihe.xds.core.requests.ProvideAndRegisterDocumentSet;
import org.openehealth.ipf.commons.ihe.xds.core.requests.QueryRegistry;
import org.openehealth.ipf.commons.ihe.xds.core.requests.RegisterDocumentSet;
import org.openehealth.ipf.commons.ihe.xds.core.requests.RetrieveDocumentSet;
import org.openehealth.ipf.commons.ihe.xds.core.requests.query.Query;
import org.openehealth.ipf.commons.ihe.xds.core.requests.query.QueryReturnType;
import org.openehealth.ipf.commons.ihe.xds.core.responses.QueryResponse;
import org.openehealth.ipf.commons.ihe.xds.core.responses.Response;
import org.openehealth.ipf.commons.ihe.xds.core.responses.RetrievedDocumentSet;

/** IPF as Document Source, Repository and Consumer. Its validators judge every request before it goes and every answer. */
final class IpfClient implements AutoCloseable {
    private final DefaultCamelContext camel = new DefaultCamelContext();

    IpfClient(Identity identity, Node node) throws Exception {
        camel.getRegistry().bind("tls", identity.parameters());
        var registry = node.registry().replace("https://", "") + "?audit=false&sslContextParameters=#tls";
        var repository = node.repository().replace("https://", "") + "?audit=false&sslContextParameters=#tls";
        camel.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                errorHandler(noErrorHandler());
                from("direct:iti18").process(iti18RequestValidator())
                        .to("xds-iti18://" + registry)
                        .process(Encoded.SIMPLE).process(iti18ResponseValidator());
                from("direct:iti42").process(iti42RequestValidator())
                        .to("xds-iti42://" + registry)
                        .process(Encoded.SIMPLE).process(iti42ResponseValidator());
                from("direct:iti41").process(iti41RequestValidator())
                        .to("xds-iti41://" + repository)
                        .process(Encoded.MTOM).process(iti41ResponseValidator());
                from("direct:iti43").process(iti43RequestValidator())
                        .to("xds-iti43://" + repository)
                        .process(Encoded.MTOM).process(iti43ResponseValidator());
            }
        });
        camel.start();
    }

    Response register(RegisterDocumentSet set) {
        return ask("direct:iti42", set, Response.class);
    }

    Response provide(ProvideAndRegisterDocumentSet set) {
        return ask("direct:iti41", set, Response.class);
    }

    QueryResponse query(Query query) {
        return ask("direct:iti18", new QueryRegistry(query, QueryReturnType.LEAF_CLASS), QueryResponse.class);
    }

    QueryResponse references(Query query) {
        return ask("direct:iti18", new QueryRegistry(query, QueryReturnType.OBJECT_REF), QueryResponse.class);
    }

    RetrievedDocumentSet retrieve(List<DocumentReference> documents) {
        var request = new RetrieveDocumentSet();
        request.getDocuments().addAll(documents);
        return ask("direct:iti43", request, RetrievedDocumentSet.class);
    }

    private <T> T ask(String route, Object request, Class<T> answer) {
        return camel.createProducerTemplate().requestBody(route, request, answer);
    }

    @Override
    public void close() {
        camel.stop();
    }
}
