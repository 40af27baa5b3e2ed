package dev.trellis.host.component;

/** What an index points to; each sort has an index space of its own in every component. */
public enum Sort {
    CORE_FUNCTION("core function"),
    CORE_TABLE("core table"),
    CORE_MEMORY("core memory"),
    CORE_GLOBAL("core global"),
    CORE_TAG("core tag"),
    CORE_TYPE("core type"),
    CORE_MODULE("core module"),
    CORE_INSTANCE("core instance"),
    FUNCTION("function"),
    VALUE("value"),
    TYPE("type"),
    COMPONENT("component"),
    INSTANCE("instance");

    private final String words;

    Sort(String words) {
        this.words = words;
    }

    @Override
    public String toString() {
        return words;
    }
}
