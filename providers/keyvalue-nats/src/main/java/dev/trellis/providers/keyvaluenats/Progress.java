package dev.trellis.providers.keyvaluenats;

/** How far a call has come, so that a failure can say whether it may have changed something. */
final class Progress {
    enum Stage {
        /** Waits for other calls that change the same key. */
        QUEUED,
        /** Has changed nothing yet. */
        READING,
        /** May have changed something. */
        WRITING
    }

    private volatile Stage stage = Stage.READING;

    void at(Stage next) {
        stage = next;
    }

    Stage stage() {
        return stage;
    }
}
