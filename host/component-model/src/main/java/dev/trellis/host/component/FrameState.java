package dev.trellis.host.component;

import dev.trellis.host.engine.GuestException;

/** The part of an instance that belongs to one component instance within it. */
final class FrameState {
    final int number;
    final HandleTable handles;
    boolean mayEnter = true;
    boolean mayLeave = true;
    int backpressure;

    FrameState(int number, HandleTable.Total handles) {
        this.number = number;
        this.handles = new HandleTable(handles);
    }

    void checkMayLeave() {
        if (!mayLeave) {
            throw GuestException.trapped(
                    "cannot leave component instance: realloc and post-return functions call nothing outside");
        }
    }

    void reset() {
        mayEnter = true;
        mayLeave = true;
        backpressure = 0;
    }
}
