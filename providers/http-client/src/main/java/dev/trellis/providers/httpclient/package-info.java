/** The HTTP client provider: sends the HTTP requests of actors to the servers that their links allow. */
@NullMarked
package dev.trellis.providers.httpclient;

import org.jspecify.annotations.NullMarked;
