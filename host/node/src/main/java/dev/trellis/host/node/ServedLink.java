package dev.trellis.host.node;

import dev.trellis.providers.sdk.ProviderLink;

/** A link that a started provider has acknowledged, with the gate of the calls over it. */
record ServedLink(ProviderLink link, CallGate gate) {}
