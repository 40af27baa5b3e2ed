package dev.trellis.conformance;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** An s-expression of a test script, with the text it was written as. */
sealed interface ScriptForm {
    int line();

    /** A word or number. */
    record Word(int line, String text) implements ScriptForm {}

    /** A string, its escapes resolved. */
    record Literal(int line, String text) implements ScriptForm {}

    record Items(int line, List<ScriptForm> all, String text) implements ScriptForm {
        public Items {
            all = List.copyOf(all);
        }

        /** The word it starts with. */
        String head() {
            return word(0);
        }

        String word(int index) {
            return index < all.size() && all.get(index) instanceof Word(int line, String text) ? text : "";
        }

        String literal(int index) {
            return ((Literal) all.get(index)).text();
        }

        Items items(int index) {
            return (Items) all.get(index);
        }

        List<ScriptForm> from(int index) {
            return all.subList(index, all.size());
        }
    }

    static List<Items> parse(String script) {
        Reader reader = new Reader(script);
        List<Items> forms = new ArrayList<>();
        while (reader.more()) {
            forms.add((Items) reader.form());
        }
        return forms;
    }

    /** Reads one form after another. */
    final class Reader {
        private final String text;
        private int at;
        private int line = 1;

        private Reader(String text) {
            this.text = text;
        }

        /** Skips blanks and comments; whether something follows. */
        private boolean more() {
            while (at < text.length()) {
                if (text.startsWith(";;", at)) {
                    int end = text.indexOf('\n', at);
                    at = end < 0 ? text.length() : end;
                } else if (text.startsWith("(;", at)) {
                    advance(text.indexOf(";)", at) + 2 - at);
                } else if (Character.isWhitespace(text.charAt(at))) {
                    advance(1);
                } else {
                    return true;
                }
            }
            return false;
        }

        private void advance(int count) {
            for (int end = at + count; at < end; at++) {
                line += text.charAt(at) == '\n' ? 1 : 0;
            }
        }

        private ScriptForm form() {
            int start = at;
            int first = line;
            char c = text.charAt(at);
            if (c == '"') {
                return new Literal(first, string());
            }
            if (c != '(') {
                while (at < text.length() && " \t\r\n()\";".indexOf(text.charAt(at)) < 0) {
                    at++;
                }
                return new Word(first, text.substring(start, at));
            }
            at++;
            List<ScriptForm> all = new ArrayList<>();
            while (more() && text.charAt(at) != ')') {
                all.add(form());
            }
            at++;
            return new Items(first, all, text.substring(start, at));
        }

        private String string() {
            var bytes = new java.io.ByteArrayOutputStream();
            at++;
            while (text.charAt(at) != '"') {
                int code = text.codePointAt(at);
                at += Character.charCount(code);
                if (code != '\\') {
                    bytes.writeBytes(Character.toString(code).getBytes(StandardCharsets.UTF_8));
                    line += code == '\n' ? 1 : 0;
                    continue;
                }
                char escaped = text.charAt(at++);
                switch (escaped) {
                    case 'n' -> bytes.write('\n');
                    case 't' -> bytes.write('\t');
                    case 'r' -> bytes.write('\r');
                    case '"', '\\', '\'' -> bytes.write(escaped);
                    case 'u' -> {
                        int end = text.indexOf('}', at);
                        bytes.writeBytes(Character.toString(Integer.parseInt(text.substring(at + 1, end), 16))
                                .getBytes(StandardCharsets.UTF_8));
                        at = end + 1;
                    }
                    default -> {
                        bytes.write(Integer.parseInt(text.substring(at - 1, at + 1), 16));
                        at++;
                    }
                }
            }
            at++;
            return bytes.toString(StandardCharsets.UTF_8);
        }
    }
}
