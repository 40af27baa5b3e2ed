/** The HTTP server provider: listens for HTTP/1 requests and calls the linked actor for each. */
@NullMarked
package dev.trellis.providers.httpserver;

import org.jspecify.annotations.NullMarked;
