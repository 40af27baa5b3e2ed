package dev.trellis.host.component;

/** What a type index stands for, with all references resolved. */
public sealed interface TypeEntity permits ValueType, ResourceType, FunctionType, InstanceType, ComponentType {
    /** Nodes of the type when it is written out as a tree; what is used twice counts twice. */
    long treeSize();

    /** Levels of the type, itself included. */
    int depth();
}
