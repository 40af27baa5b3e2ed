package dev.trellis.providers.httpserver;

import static dev.trellis.providers.httpserver.TestServer.response;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class HttpServerAccessLogTest {
    /** Keeps the lines that were logged. */
    private static final class Lines extends AppenderBase<ILoggingEvent> {
        final Queue<String> lines = new ConcurrentLinkedQueue<>();

        @Override
        protected void append(ILoggingEvent event) {
            lines.add(event.getFormattedMessage());
        }
    }

    @Test
    void request_makesOneLineWithoutItsQuery() throws Exception {
        var logger = (Logger) LoggerFactory.getLogger(AccessLog.LOGGER);
        var appender = new Lines();
        appender.start();
        logger.addAppender(appender);
        try (var server = TestServer.start(_ -> response(200, "hello"));
                var client = server.client()) {
            String trace = "0af7651916cd43dd8448eb211c80319c";
            client.get("/a%20b?token=secret", "traceparent: 00-" + trace + "-b7ad6b7169203331-01")
                    .read();
            client.get("/" + "x".repeat(1000)).read();
            TestServer.await("two lines", () -> appender.lines.size() == 2);
            assertThat(appender.lines.poll())
                    .matches("GET /a%20b 200 5 \\d+\\.\\d{3}ms trace_id=" + trace + " client=127\\.0\\.0\\.1");
            assertThat(appender.lines.poll()).contains("xxx... 200 5 ").hasSizeLessThan(400);
            assertThat(server.provider.accessLog().dropped()).isZero();
        } finally {
            logger.detachAppender(appender);
        }
    }
}
