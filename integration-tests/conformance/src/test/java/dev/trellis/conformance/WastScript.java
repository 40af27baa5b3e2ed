package dev.trellis.conformance;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A test script of the component model, split into its commands. */
record WastScript(List<Command> commands) {
    /** What a command says about a component. */
    enum Expectation {
        VALID,
        INVALID,
        MALFORMED
    }

    sealed interface Command {
        int line();

        /** A component in text form. */
        record Text(int line, Expectation expectation, String text) implements Command {}

        /** A component that the script gives byte for byte. */
        @SuppressWarnings("ArrayRecordComponent") // never compared
        record Binary(int line, Expectation expectation, byte[] binary) implements Command {}

        /** Text that is to be refused as text. */
        record Quote(int line, Expectation expectation, String text) implements Command {}

        /** Something that needs a running component. */
        record Run(int line, String what) implements Command {}
    }

    static WastScript parse(String script) {
        List<Command> commands = new ArrayList<>();
        Scanner scanner = new Scanner(script, 0);
        while (scanner.skipBlank()) {
            int line = 1
                    + (int) script.substring(0, scanner.at)
                            .chars()
                            .filter(c -> c == '\n')
                            .count();
            String form = scanner.item();
            commands.add(command(line, form));
        }
        return new WastScript(commands);
    }

    private static Command command(int line, String form) {
        List<String> items = items(form);
        return switch (items.getFirst()) {
            case "component" ->
                component(line, Expectation.VALID, form, items).orElse(new Command.Run(line, "instance"));
            case "assert_invalid" -> asserted(line, Expectation.INVALID, items);
            case "assert_malformed" -> asserted(line, Expectation.MALFORMED, items);
            case "assert_trap" ->
                items.get(1).startsWith("(component")
                                && !items(items.get(1)).get(1).equals("instance")
                        ? asserted(line, Expectation.VALID, items)
                        : new Command.Run(line, "trap");
            case "assert_return" -> new Command.Run(line, "return");
            case "invoke", "register" -> new Command.Run(line, items.getFirst());
            default -> throw new IllegalArgumentException("line " + line + ": unknown command " + items.getFirst());
        };
    }

    private static Command asserted(int line, Expectation expectation, List<String> items) {
        String component = items.get(1);
        return component(line, expectation, component, items(component))
                .orElseThrow(() -> new IllegalArgumentException("line " + line + ": " + component));
    }

    private static Optional<Command> component(int line, Expectation expectation, String form, List<String> items) {
        int next = 1;
        boolean definition = items.size() > 1 && items.get(1).equals("definition");
        if (definition) {
            next++;
        } else if (items.size() > 1 && items.get(1).equals("instance")) {
            return Optional.empty();
        }
        if (next < items.size() && items.get(next).startsWith("$")) {
            next++;
        }
        String kind = next < items.size() ? items.get(next) : "";
        return Optional.of(
                switch (kind) {
                    case "binary" ->
                        new Command.Binary(line, expectation, bytes(items.subList(next + 1, items.size())));
                    case "quote" ->
                        new Command.Quote(
                                line,
                                expectation,
                                "(component "
                                        + new String(
                                                bytes(items.subList(next + 1, items.size())), StandardCharsets.UTF_8)
                                        + ")");
                    default ->
                        new Command.Text(line, expectation, definition ? form.replaceFirst("definition", "") : form);
                });
    }

    /** The items between the outermost parentheses. */
    private static List<String> items(String form) {
        List<String> items = new ArrayList<>();
        Scanner scanner = new Scanner(form, 1);
        while (scanner.skipBlank() && form.charAt(scanner.at) != ')') {
            items.add(scanner.item());
        }
        return items;
    }

    private static byte[] bytes(List<String> literals) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (String literal : literals) {
            for (int i = 1; i < literal.length() - 1; i++) {
                char c = literal.charAt(i);
                if (c != '\\') {
                    bytes.writeBytes(Character.toString(c).getBytes(StandardCharsets.UTF_8));
                    continue;
                }
                char escaped = literal.charAt(++i);
                switch (escaped) {
                    case 'n' -> bytes.write('\n');
                    case 't' -> bytes.write('\t');
                    case '"', '\\', '\'' -> bytes.write(escaped);
                    default -> {
                        bytes.write(Integer.parseInt(literal.substring(i, i + 2), 16));
                        i++;
                    }
                }
            }
        }
        return bytes.toByteArray();
    }

    /** Finds the ends of items, of which only parentheses, strings and comments matter. */
    private static final class Scanner {
        private final String text;
        private int at;

        Scanner(String text, int at) {
            this.text = text;
            this.at = at;
        }

        /** Whether there is an item. */
        boolean skipBlank() {
            while (at < text.length()) {
                if (Character.isWhitespace(text.charAt(at))) {
                    at++;
                } else if (text.startsWith(";;", at)) {
                    int end = text.indexOf('\n', at);
                    at = end < 0 ? text.length() : end;
                } else if (text.startsWith("(;", at)) {
                    at = text.indexOf(";)", at) + 2;
                } else {
                    return true;
                }
            }
            return false;
        }

        String item() {
            int start = at;
            int depth = 0;
            do {
                char c = text.charAt(at);
                if (c == '(') {
                    depth++;
                    at++;
                } else if (c == ')') {
                    depth--;
                    at++;
                } else if (c == '"') {
                    string();
                } else {
                    while (at < text.length() && " \t\r\n()\";".indexOf(text.charAt(at)) < 0) {
                        at++;
                    }
                }
                if (depth > 0 && !skipBlank()) {
                    throw new IllegalArgumentException("unbalanced at " + start);
                }
            } while (depth > 0);
            return text.substring(start, at);
        }

        private void string() {
            at++;
            while (text.charAt(at) != '"') {
                at += text.charAt(at) == '\\' ? 2 : 1;
            }
            at++;
        }
    }
}
