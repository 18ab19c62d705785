package peers;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.cxf.interceptor.AttachmentInInterceptor;
import org.apache.cxf.interceptor.Fault;
import org.apache.cxf.message.Message;
import org.apache.cxf.phase.AbstractPhaseInterceptor;
import org.apache.cxf.phase.Phase;

/** Every envelope that came to IPF, as it was on the wire: our answers to its client, our requests to its server. */
final class Captured extends AbstractPhaseInterceptor<Message> {
    final List<byte[]> envelopes = new CopyOnWriteArrayList<>();

    Captured() {
        super(Phase.RECEIVE);
        // Which leaves the root of a multipart message, and the documents for later.
        addAfter(AttachmentInInterceptor.class.getName());
    }

    @Override
    public void handleMessage(Message message) {
        try (var content = message.getContent(InputStream.class)) {
            if (content == null) {
                return;
            }
            var envelope = content.readAllBytes();
            envelopes.add(envelope);
            message.setContent(InputStream.class, new ByteArrayInputStream(envelope));
        } catch (IOException broken) {
            throw new Fault(broken);
        }
    }
}
