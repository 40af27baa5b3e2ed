package dev.trellis.benchmarks;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;

/** One request at a time. */
final class Http {
    private static final int TIMEOUT_MILLIS = 2_000;

    private Http() {}

    /** The status that a GET is answered with; 0 if it is not answered. */
    static int status(String url) {
        try {
            var connection = (HttpURLConnection) URI.create(url).toURL().openConnection();
            connection.setConnectTimeout(TIMEOUT_MILLIS);
            connection.setReadTimeout(TIMEOUT_MILLIS);
            try {
                return connection.getResponseCode();
            } finally {
                connection.disconnect();
            }
        } catch (IOException e) {
            return 0;
        }
    }
}
