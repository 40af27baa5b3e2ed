package dev.trellis.cli;

/** How good something is, at a glance. */
enum Standing {
    GOOD("32"),
    BUSY("33"),
    BAD("31");

    private final String colour;

    Standing(String colour) {
        this.colour = colour;
    }

    /** Its ANSI colour. */
    String colour() {
        return colour;
    }

    /** Standing of an application or scaler with this status of the wadm API. */
    static Standing ofStatus(String type) {
        return switch (type) {
            case "deployed", "ready" -> GOOD;
            case "failed", "unhealthy" -> BAD;
            default -> BUSY;
        };
    }
}
