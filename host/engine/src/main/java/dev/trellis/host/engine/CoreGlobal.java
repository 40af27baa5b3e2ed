package dev.trellis.host.engine;

import com.dylibso.chicory.runtime.GlobalInstance;

/** A global of a store. */
public final class CoreGlobal implements CoreItem {
    private final GlobalInstance global;

    CoreGlobal(GlobalInstance global) {
        this.global = global;
    }

    @Override
    public ExternalKind kind() {
        return ExternalKind.GLOBAL;
    }

    GlobalInstance global() {
        return global;
    }
}
