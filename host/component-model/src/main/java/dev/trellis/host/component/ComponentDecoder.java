package dev.trellis.host.component;

import static dev.trellis.host.component.ComponentReader.hex;
import static dev.trellis.host.component.InvalidComponentException.invalid;
import static dev.trellis.host.component.InvalidComponentException.malformed;

import dev.trellis.host.component.Definition.Attribute;
import dev.trellis.host.component.Definition.NameSyntax;
import dev.trellis.host.component.Definition.SortIndex;
import dev.trellis.host.engine.Signature;
import dev.trellis.host.engine.WasmType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;

/** Reads the binary format. What it returns is well-formed; whether it is valid is the validator's answer. */
final class ComponentDecoder {
    /*
     * Hostile bytes: every count is checked against the bytes that are left before anything is allocated by it, nothing is
     * allocated by a count at all, every item takes at least one byte, and nesting is bounded. So time and memory are
     * linear in the size of the binary, with ITEMS_MAX as a second bound on memory.
     */
    static final int COMPONENT_BYTES_MAX = 64 << 20;
    /** Components within components and types within types. */
    static final int NESTING_MAX = 100;
    /** Definitions, declarations, fields, arguments and the like in the whole binary. */
    static final int ITEMS_MAX = 1_000_000;

    private static final int[] PREAMBLE = {0, 'a', 's', 'm', 0x0d, 0, 1, 0};
    private static final int[] MODULE_PREAMBLE = {0, 'a', 's', 'm', 1, 0, 0, 0};
    private static final long MEMORY_PAGES_MAX = 1 << 16;

    private final ComponentReader in;
    private int nesting;
    private int items;

    private ComponentDecoder(byte[] bytes) {
        this.in = new ComponentReader(bytes);
    }

    /**
     * @param bytes kept, and not to be changed any more
     * @throws InvalidComponentException with the offset of the first byte that breaks a rule
     */
    static Component decode(byte[] bytes) {
        if (bytes.length > COMPONENT_BYTES_MAX) {
            throw invalid(0, "a component has at most " + COMPONENT_BYTES_MAX + " bytes, this has " + bytes.length);
        }
        return new ComponentDecoder(bytes).component();
    }

    private Component component() {
        int start = in.at();
        preamble(PREAMBLE, "a component starts with \\0asm, version 13 and layer 1");
        nest(start);
        List<Definition> definitions = new ArrayList<>();
        List<Component.CustomSection> customs = new ArrayList<>();
        while (!in.atEnd()) {
            int at = in.at();
            int id = in.u8("a section id");
            if (id > 12) {
                throw malformed(at, "section ids go from 0 to 12, this is " + id);
            }
            String section = "section " + id;
            int size = in.size(section);
            int outer = in.enter(size);
            section(id, definitions, customs);
            in.leave(outer, section);
        }
        nesting--;
        return new Component(in.sliceFrom(start), definitions, customs);
    }

    private void preamble(int[] preamble, String rule) {
        for (int expected : preamble) {
            int at = in.at();
            if (in.atEnd() || in.u8("the preamble") != expected) {
                throw malformed(at, rule);
            }
        }
    }

    private void section(int id, List<Definition> definitions, List<Component.CustomSection> customs) {
        int start = in.at();
        switch (id) {
            case 0 -> {
                String name = in.name("the name of a custom section");
                item(start);
                customs.add(new Component.CustomSection(name, in.slice(in.limit() - in.at())));
            }
            case 1 -> {
                item(start);
                preamble(MODULE_PREAMBLE, "a core module starts with \\0asm and version 1");
                in.slice(in.limit() - in.at());
                definitions.add(new Definition.CoreModule(start, in.sliceFrom(start)));
            }
            case 2 -> many("core instances", definitions, this::coreInstance);
            case 3 ->
                many("core types", definitions, () -> {
                    int at = in.at();
                    return new Definition.CoreTypeDefinition(at, coreType());
                });
            case 4 -> {
                item(start);
                definitions.add(new Definition.NestedComponent(start, component()));
            }
            case 5 -> many("instances", definitions, this::instance);
            case 6 -> many("aliases", definitions, this::alias);
            case 7 -> many("types", definitions, this::typeDefinition);
            case 8 ->
                many("canonical definitions", definitions, () -> {
                    int at = in.at();
                    return new Definition.CanonDefinition(at, canon());
                });
            case 9 -> {
                item(start);
                definitions.add(new Definition.Start(
                        start,
                        in.u32("a start function"),
                        list("start arguments", () -> in.u32("a value index")),
                        in.u32("the number of start results")));
            }
            case 10 ->
                many("imports", definitions, () -> {
                    int at = in.at();
                    return new Definition.Import(at, name(), extern());
                });
            case 11 -> many("exports", definitions, this::export);
            case 12 ->
                many("values", definitions, () -> {
                    int at = in.at();
                    TypeSyntax.Value type = value();
                    return new Definition.ValueDefinition(at, type, in.slice(in.size("a value")));
                });
            default -> throw new IllegalStateException("section " + id);
        }
    }

    // ---- instances

    private Definition coreInstance() {
        int start = in.at();
        int form = in.u8("a core instance");
        return switch (form) {
            case 0 ->
                new Definition.CoreInstantiate(
                        start, in.u32("a core module index"), list("arguments of a core module", () -> {
                            int at = in.at();
                            String name = in.name("the name of an argument");
                            in.expect(0x12, "the sort of a core module's argument");
                            return new Definition.CoreArgument(at, name, in.u32("a core instance index"));
                        }));
            case 1 ->
                new Definition.CoreExports(start, list("exports", () -> {
                    int at = in.at();
                    return new Definition.CoreExport(at, in.name("the name of an export"), coreSortIndex());
                }));
            default -> throw malformed(start, "a core instance starts with 0 or 1, this is " + hex(form));
        };
    }

    private Definition instance() {
        int start = in.at();
        int form = in.u8("an instance");
        return switch (form) {
            case 0 ->
                new Definition.Instantiate(start, in.u32("a component index"), list("arguments", () -> {
                    int at = in.at();
                    return new Definition.Argument(at, in.name("the name of an argument"), sortIndex());
                }));
            case 1 ->
                new Definition.InstanceExports(
                        start, list("exports", () -> new Definition.InlineExport(name(), sortIndex())));
            default -> throw malformed(start, "an instance starts with 0 or 1, this is " + hex(form));
        };
    }

    private SortIndex coreSortIndex() {
        int at = in.at();
        return new SortIndex(at, coreSort(), in.u32("an index"));
    }

    private SortIndex sortIndex() {
        int at = in.at();
        return new SortIndex(at, sort(), in.u32("an index"));
    }

    private Sort coreSort() {
        int start = in.at();
        int sort = in.u8("a core sort");
        return switch (sort) {
            case 0x00 -> Sort.CORE_FUNCTION;
            case 0x01 -> Sort.CORE_TABLE;
            case 0x02 -> Sort.CORE_MEMORY;
            case 0x03 -> Sort.CORE_GLOBAL;
            case 0x04 -> Sort.CORE_TAG;
            case 0x10 -> Sort.CORE_TYPE;
            case 0x11 -> Sort.CORE_MODULE;
            case 0x12 -> Sort.CORE_INSTANCE;
            default -> throw malformed(start, "core sorts are 0 to 4 and 0x10 to 0x12, this is " + hex(sort));
        };
    }

    private Sort sort() {
        int start = in.at();
        int sort = in.u8("a sort");
        return switch (sort) {
            case 0x00 -> coreSort();
            case 0x01 -> Sort.FUNCTION;
            case 0x02 -> Sort.VALUE;
            case 0x03 -> Sort.TYPE;
            case 0x04 -> Sort.COMPONENT;
            case 0x05 -> Sort.INSTANCE;
            default -> throw malformed(start, "sorts are 0 to 5, this is " + hex(sort));
        };
    }

    private Definition alias() {
        int start = in.at();
        Sort sort = sort();
        int target = in.at();
        int form = in.u8("the target of an alias");
        return switch (form) {
            case 0 ->
                new Definition.AliasExport(start, sort, in.u32("an instance index"), in.name("the name of an export"));
            case 1 ->
                new Definition.AliasCoreExport(
                        start, sort, in.u32("a core instance index"), in.name("the name of an export"));
            case 2 ->
                switch (sort) {
                    case CORE_MODULE, CORE_TYPE, TYPE, COMPONENT ->
                        new Definition.AliasOuter(
                                start, sort, in.u32("the number of enclosing scopes"), in.u32("an index"));
                    case CORE_FUNCTION,
                            CORE_TABLE,
                            CORE_MEMORY,
                            CORE_GLOBAL,
                            CORE_TAG,
                            CORE_INSTANCE,
                            FUNCTION,
                            VALUE,
                            INSTANCE ->
                        throw malformed(
                                start,
                                "outer aliases are of core modules, core types, types and components, this is of a "
                                        + sort);
                };
            default -> throw malformed(target, "the target of an alias is 0, 1 or 2, this is " + hex(form));
        };
    }

    // ---- core types

    private CoreTypeSyntax coreType() {
        int start = in.at();
        int form = in.u8("a core type");
        return switch (form) {
            case 0x50 -> {
                nest(start);
                var module = new CoreTypeSyntax.Module(list("declarations of a module type", this::moduleDeclaration));
                nesting--;
                yield module;
            }
            case 0x00 -> {
                in.expect(0x50, "a core type after 0x00");
                yield subtype(start);
            }
            case 0x4f -> subtype(start);
            case 0x60 -> new CoreTypeSyntax.Function(signature());
            case 0x4e, 0x5e, 0x5f ->
                throw invalid(
                        start,
                        "core types are functions and modules; " + hex(form) + " belongs to garbage collection,"
                                + " which is not supported");
            default ->
                throw malformed(
                        start, "a core type is a function (0x60) or a module (0x50), this starts with " + hex(form));
        };
    }

    private CoreTypeSyntax subtype(int start) {
        if (in.count("supertypes") != 0) {
            throw invalid(start, "core types without supertypes are supported, this has some");
        }
        int at = in.at();
        int form = in.u8("a core type");
        if (form != 0x60) {
            throw invalid(at, "core types are functions (0x60), this is " + hex(form));
        }
        return new CoreTypeSyntax.Function(signature());
    }

    private Signature signature() {
        return new Signature(list("parameters", this::coreValue), list("results", this::coreValue));
    }

    private WasmType coreValue() {
        int start = in.at();
        int type = in.u8("a core value type");
        return switch (type) {
            case 0x7f -> WasmType.I32;
            case 0x7e -> WasmType.I64;
            case 0x7d -> WasmType.F32;
            case 0x7c -> WasmType.F64;
            case 0x7b -> WasmType.V128;
            case 0x70 -> WasmType.FUNCREF;
            case 0x6f -> WasmType.EXTERNREF;
            case 0x63, 0x64, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x71, 0x72, 0x73, 0x74 ->
                throw invalid(start, "core references are funcref and externref; " + hex(type) + " is not supported");
            default -> throw malformed(start, hex(type) + " is no core value type");
        };
    }

    private CoreTypeSyntax.Declaration moduleDeclaration() {
        int start = in.at();
        int form = in.u8("a declaration of a module type");
        return switch (form) {
            case 0x00 ->
                new CoreTypeSyntax.Declaration.Import(
                        start, in.name("the module of an import"), in.name("the name of an import"), coreExtern());
            case 0x01 -> new CoreTypeSyntax.Declaration.Type(start, coreType());
            case 0x02 -> {
                in.expect(0x10, "the sort of an alias in a module type");
                in.expect(0x01, "the target of an alias in a module type");
                yield new CoreTypeSyntax.Declaration.AliasOuter(
                        start, in.u32("the number of enclosing scopes"), in.u32("a core type index"));
            }
            case 0x03 -> new CoreTypeSyntax.Declaration.Export(start, in.name("the name of an export"), coreExtern());
            default ->
                throw malformed(start, "a declaration of a module type starts with 0 to 3, this is " + hex(form));
        };
    }

    private CoreTypeSyntax.External coreExtern() {
        int start = in.at();
        int kind = in.u8("a core extern type");
        return switch (kind) {
            case 0x00 -> new CoreTypeSyntax.External.Function(in.u32("a core type index"));
            case 0x01 -> {
                WasmType element = coreValue();
                if (element != WasmType.FUNCREF && element != WasmType.EXTERNREF) {
                    throw malformed(start, "tables hold references, this holds " + element);
                }
                Limits limits = limits("tables", 0xffff_ffffL);
                yield new CoreTypeSyntax.External.Table(element, limits.min, limits.max);
            }
            case 0x02 -> {
                Limits limits = limits("memories", MEMORY_PAGES_MAX);
                yield new CoreTypeSyntax.External.Memory(limits.min, limits.max);
            }
            case 0x03 -> new CoreTypeSyntax.External.Global(coreValue(), in.flag("the mutability of a global"));
            case 0x04 -> {
                in.expect(0, "the attribute of a tag");
                yield new CoreTypeSyntax.External.Tag(in.u32("a core type index"));
            }
            default -> throw malformed(start, "core extern kinds go from 0 to 4, this is " + hex(kind));
        };
    }

    private record Limits(long min, OptionalLong max) {}

    private Limits limits(String what, long most) {
        int start = in.at();
        int flags = in.u8("the flags of limits");
        if (flags > 7) {
            throw malformed(start, "the flags of limits are at most 7, these are " + hex(flags));
        }
        if (flags > 1) {
            throw invalid(start, "shared and 64-bit " + what + " are not supported, the flags are " + hex(flags));
        }
        long min = in.u32AsLong("a minimum");
        OptionalLong max = flags == 1 ? OptionalLong.of(in.u32AsLong("a maximum")) : OptionalLong.empty();
        if (min > max.orElse(most) || max.orElse(most) > most) {
            throw invalid(
                    start,
                    "the limits of " + what + " are minimum <= maximum <= " + most + ", these are " + min + " and "
                            + (max.isPresent() ? Long.toString(max.getAsLong()) : "none"));
        }
        return new Limits(min, max);
    }

    // ---- types

    private Definition typeDefinition() {
        int start = in.at();
        return new Definition.TypeDefinition(start, type());
    }

    private TypeSyntax type() {
        int start = in.at();
        int form = in.u8("a type");
        Optional<PrimitiveType> primitive = PrimitiveType.of(form);
        if (primitive.isPresent()) {
            return new TypeSyntax.Primitive(primitive.get());
        }
        return switch (form) {
            case 0x72 -> new TypeSyntax.RecordOf(list("fields", this::field));
            case 0x71 -> new TypeSyntax.Variant(list("cases", this::variantCase));
            case 0x70 -> new TypeSyntax.ListOf(value());
            case 0x67 -> new TypeSyntax.FixedListOf(value(), in.u32AsLong("the length of a list"));
            case 0x6f -> new TypeSyntax.Tuple(list("types", this::value));
            case 0x6e -> new TypeSyntax.Flags(list("flags", () -> in.name("a label")));
            case 0x6d -> new TypeSyntax.Enumeration(list("cases", () -> in.name("a label")));
            case 0x6b -> new TypeSyntax.OptionOf(value());
            case 0x6a -> new TypeSyntax.ResultOf(optionalValue(), optionalValue());
            case 0x69 -> new TypeSyntax.Own(start, in.u32("a type index"));
            case 0x68 -> new TypeSyntax.Borrow(start, in.u32("a type index"));
            case 0x66 -> new TypeSyntax.StreamOf(optionalValue());
            case 0x65 -> new TypeSyntax.FutureOf(optionalValue());
            case 0x63 -> new TypeSyntax.MapOf(value(), value());
            case 0x40, 0x43 -> new TypeSyntax.Function(form == 0x43, list("parameters", this::field), functionResult());
            case 0x41 -> {
                nest(start);
                var component = new TypeSyntax.ComponentOf(list("declarations", () -> declaration(true)));
                nesting--;
                yield component;
            }
            case 0x42 -> {
                nest(start);
                var instance = new TypeSyntax.InstanceOf(list("declarations", () -> declaration(false)));
                nesting--;
                yield instance;
            }
            case 0x3f -> {
                int representation = in.u8("the representation of a resource");
                Optional<Integer> destructor = in.flag("the presence of a destructor")
                        ? Optional.of(in.u32("a core function index"))
                        : Optional.empty();
                yield new TypeSyntax.Resource(representation, destructor);
            }
            default -> throw malformed(start, hex(form) + " starts no type");
        };
    }

    private TypeSyntax.Field field() {
        int at = in.at();
        return new TypeSyntax.Field(at, in.name("a label"), value());
    }

    private TypeSyntax.Case variantCase() {
        int at = in.at();
        String label = in.name("a label");
        Optional<TypeSyntax.Value> type = optionalValue();
        in.expect(0, "the byte after a case");
        return new TypeSyntax.Case(at, label, type);
    }

    private Optional<TypeSyntax.Value> functionResult() {
        if (!in.flag("the form of a result list")) {
            return Optional.of(value());
        }
        in.expect(0, "the number of results");
        return Optional.empty();
    }

    private Optional<TypeSyntax.Value> optionalValue() {
        return in.flag("the presence of a type") ? Optional.of(value()) : Optional.empty();
    }

    private TypeSyntax.Value value() {
        int start = in.at();
        int first = in.peek("a value type");
        if ((first & 0xc0) == 0x40) {
            return new TypeSyntax.Primitive(PrimitiveType.of(in.u8("a value type"))
                    .orElseThrow(() -> malformed(start, hex(first) + " is no primitive value type")));
        }
        long index = in.s33("a type index");
        if (index < 0) {
            throw malformed(start, "a type index is not negative, this is " + index);
        }
        return new TypeSyntax.Reference(start, (int) Math.min(index, Integer.MAX_VALUE));
    }

    private Definition declaration(boolean ofComponent) {
        int start = in.at();
        int form = in.u8("a declaration");
        return switch (form) {
            case 0x00 -> new Definition.CoreTypeDefinition(start, coreType());
            case 0x01 -> typeDefinition();
            case 0x02 -> alias();
            case 0x03 -> {
                if (!ofComponent) {
                    throw malformed(start, "an instance type has no imports");
                }
                yield new Definition.Import(start, name(), extern());
            }
            case 0x04 -> new Definition.ExportDeclaration(start, name(), extern());
            default -> throw malformed(start, "a declaration starts with 0 to 4, this is " + hex(form));
        };
    }

    // ---- canonical definitions

    private Canon canon() {
        int start = in.at();
        int code = in.u8("a canonical definition");
        return switch (code) {
            case 0x00 -> {
                in.expect(0, "the sort of a lifted function");
                int function = in.u32("a core function index");
                List<Canon.Option> options = options();
                yield new Canon.Lift(function, options, in.u32("a type index"));
            }
            case 0x01 -> {
                in.expect(0, "the sort of a lowered function");
                yield new Canon.Lower(in.u32("a function index"), options());
            }
            case 0x02 -> new Canon.ResourceNew(typeIndex());
            case 0x03 -> new Canon.ResourceDrop(typeIndex());
            case 0x04 -> new Canon.ResourceRep(typeIndex());
            case 0x05 -> new Canon.Plain(Canon.BuiltIn.TASK_CANCEL);
            case 0x06 -> new Canon.SubtaskCancel(async());
            case 0x09 -> new Canon.TaskReturn(functionResult(), options());
            case 0x0a -> new Canon.ContextGet(coreValue(), in.u32("a context slot"));
            case 0x0b -> new Canon.ContextSet(coreValue(), in.u32("a context slot"));
            case 0x0c -> threadSwitch(Canon.Switch.YIELD);
            case 0x0d -> new Canon.Plain(Canon.BuiltIn.SUBTASK_DROP);
            case 0x0e, 0x15 -> new Canon.ChannelNew(channel(code), typeIndex());
            case 0x0f, 0x16 -> new Canon.ChannelCopy(channel(code), Canon.End.READABLE, typeIndex(), options());
            case 0x10, 0x17 -> new Canon.ChannelCopy(channel(code), Canon.End.WRITABLE, typeIndex(), options());
            case 0x11, 0x18 -> new Canon.ChannelCancel(channel(code), Canon.End.READABLE, typeIndex(), async());
            case 0x12, 0x19 -> new Canon.ChannelCancel(channel(code), Canon.End.WRITABLE, typeIndex(), async());
            case 0x13, 0x1a -> new Canon.ChannelDrop(channel(code), Canon.End.READABLE, typeIndex());
            case 0x14, 0x1b -> new Canon.ChannelDrop(channel(code), Canon.End.WRITABLE, typeIndex());
            case 0x1c -> new Canon.ErrorContextNew(options());
            case 0x1d -> new Canon.ErrorContextDebugMessage(options());
            case 0x1e -> new Canon.Plain(Canon.BuiltIn.ERROR_CONTEXT_DROP);
            case 0x1f -> new Canon.Plain(Canon.BuiltIn.WAITABLE_SET_NEW);
            case 0x20 -> new Canon.WaitableSetWait(cancellable(), in.u32("a core memory index"));
            case 0x21 -> new Canon.WaitableSetPoll(cancellable(), in.u32("a core memory index"));
            case 0x22 -> new Canon.Plain(Canon.BuiltIn.WAITABLE_SET_DROP);
            case 0x23 -> new Canon.Plain(Canon.BuiltIn.WAITABLE_JOIN);
            case 0x24 -> new Canon.Plain(Canon.BuiltIn.BACKPRESSURE_INC);
            case 0x25 -> new Canon.Plain(Canon.BuiltIn.BACKPRESSURE_DEC);
            case 0x26 -> new Canon.Plain(Canon.BuiltIn.THREAD_INDEX);
            case 0x27 -> new Canon.ThreadNewIndirect(in.u32("a core type index"), in.u32("a core table index"));
            case 0x28 -> new Canon.Plain(Canon.BuiltIn.THREAD_RESUME_LATER);
            case 0x29 -> threadSwitch(Canon.Switch.SUSPEND);
            case 0x2a -> threadSwitch(Canon.Switch.SUSPEND_THEN_RESUME);
            case 0x2b -> threadSwitch(Canon.Switch.YIELD_THEN_RESUME);
            case 0x2c -> threadSwitch(Canon.Switch.SUSPEND_THEN_PROMOTE);
            case 0x2d -> threadSwitch(Canon.Switch.YIELD_THEN_PROMOTE);
            case 0x40 -> new Canon.ThreadSpawnRef(shared(), in.u32("a core type index"));
            case 0x41 ->
                new Canon.ThreadSpawnIndirect(shared(), in.u32("a core type index"), in.u32("a core table index"));
            case 0x42 -> new Canon.ThreadAvailableParallelism(shared());
            default -> throw malformed(start, hex(code) + " is no canonical definition");
        };
    }

    private int typeIndex() {
        return in.u32("a type index");
    }

    private boolean async() {
        return in.flag("whether it is asynchronous");
    }

    private boolean cancellable() {
        return in.flag("whether it is cancellable");
    }

    private boolean shared() {
        return in.flag("whether it is shared");
    }

    private Canon threadSwitch(Canon.Switch how) {
        return new Canon.ThreadSwitch(how, cancellable());
    }

    private static Canon.Channel channel(int code) {
        return code < 0x15 ? Canon.Channel.STREAM : Canon.Channel.FUTURE;
    }

    private List<Canon.Option> options() {
        return list("canonical options", () -> {
            int start = in.at();
            int code = in.u8("a canonical option");
            return switch (code) {
                case 0x00 -> new Canon.Option.Encoding(start, Canon.StringEncoding.UTF8);
                case 0x01 -> new Canon.Option.Encoding(start, Canon.StringEncoding.UTF16);
                case 0x02 -> new Canon.Option.Encoding(start, Canon.StringEncoding.LATIN1_OR_UTF16);
                case 0x03 -> new Canon.Option.Memory(start, in.u32("a core memory index"));
                case 0x04 -> new Canon.Option.Realloc(start, in.u32("a core function index"));
                case 0x05 -> new Canon.Option.PostReturn(start, in.u32("a core function index"));
                case 0x06 -> new Canon.Option.Async(start);
                case 0x07 -> new Canon.Option.Callback(start, in.u32("a core function index"));
                default -> throw malformed(start, "canonical options go from 0 to 7, this is " + hex(code));
            };
        });
    }

    // ---- imports and exports

    private Definition export() {
        int start = in.at();
        NameSyntax name = name();
        SortIndex target = sortIndex();
        Optional<ExternSyntax> ascribed =
                in.flag("the presence of an export's type") ? Optional.of(extern()) : Optional.empty();
        return new Definition.Export(start, name, target, ascribed);
    }

    private NameSyntax name() {
        int start = in.at();
        int form = in.u8("the form of a name");
        return switch (form) {
            case 0x00, 0x01 -> new NameSyntax(start, in.name("a name"), List.of());
            case 0x02 -> new NameSyntax(start, in.name("a name"), list("attributes", this::attribute));
            default -> throw malformed(start, "the form of a name is 0 to 2, this is " + hex(form));
        };
    }

    private Attribute attribute() {
        int start = in.at();
        int form = in.u8("an attribute");
        return switch (form) {
            case 0x00 -> new Attribute.Implements(in.name("the name of an interface"));
            case 0x01 -> new Attribute.VersionSuffix(in.name("a version suffix"));
            case 0x02 -> new Attribute.ExternalId(in.name("an external id"));
            default -> throw malformed(start, "attributes are 0 to 2, this is " + hex(form));
        };
    }

    private ExternSyntax extern() {
        int start = in.at();
        int kind = in.u8("an extern type");
        return switch (kind) {
            case 0x00 -> {
                in.expect(0x11, "the core sort of an extern type");
                yield new ExternSyntax.CoreModule(start, in.u32("a core type index"));
            }
            case 0x01 -> new ExternSyntax.Function(start, typeIndex());
            case 0x02 ->
                in.flag("the bound of a value")
                        ? new ExternSyntax.ValueOf(start, value())
                        : new ExternSyntax.ValueEqual(start, in.u32("a value index"));
            case 0x03 ->
                in.flag("the bound of a type")
                        ? new ExternSyntax.AnyResource(start)
                        : new ExternSyntax.TypeEqual(start, typeIndex());
            case 0x04 -> new ExternSyntax.ComponentOf(start, typeIndex());
            case 0x05 -> new ExternSyntax.InstanceOf(start, typeIndex());
            default -> throw malformed(start, "extern types start with 0 to 5, this is " + hex(kind));
        };
    }

    // ---- bounds

    private <T> List<T> list(String what, Supplier<T> item) {
        List<T> list = new ArrayList<>();
        many(what, list, item);
        return list;
    }

    private <T> void many(String what, List<? super T> to, Supplier<T> item) {
        int count = in.count(what);
        for (int i = 0; i < count; i++) {
            item(in.at());
            to.add(item.get());
        }
    }

    private void item(int offset) {
        if (++items > ITEMS_MAX) {
            throw invalid(offset, "a component has at most " + ITEMS_MAX + " definitions, fields and other items");
        }
    }

    /** Enters a component or type; leaving it is {@code nesting--}, which an exception may skip as it ends the decoding. */
    private void nest(int offset) {
        if (++nesting > NESTING_MAX) {
            throw invalid(offset, "components and types nest at most " + NESTING_MAX + " deep");
        }
    }
}
