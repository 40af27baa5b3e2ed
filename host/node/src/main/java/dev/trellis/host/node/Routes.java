package dev.trellis.host.node;

/** The route snapshot in force: read by every call, replaced by {@link RouteKeeper}. Safe for concurrent use. */
final class Routes {
    private volatile RouteTable table = RouteTable.EMPTY;

    RouteTable now() {
        return table;
    }

    void publish(RouteTable next) {
        table = next;
    }
}
