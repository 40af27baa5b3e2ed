package dev.trellis.host.engine;

import com.dylibso.chicory.runtime.TagInstance;

/** A tag, the type of an exception, of a store. */
public final class CoreTag implements CoreItem {
    private final TagInstance tag;

    CoreTag(TagInstance tag) {
        this.tag = tag;
    }

    @Override
    public ExternalKind kind() {
        return ExternalKind.TAG;
    }

    TagInstance tag() {
        return tag;
    }
}
