package dev.trellis.providers.httpserver;

import dev.trellis.lattice.contracts.Invoker;
import dev.trellis.lattice.model.EntityId;
import dev.trellis.lattice.model.LinkKey;

/** Where a listener's requests go: the linked actor, and how they are served. */
record Route(LinkKey link, EntityId actor, long generation, HttpServerSettings settings, Invoker invoker) {}
