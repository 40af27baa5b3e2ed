package dev.trellis.host.component;

import java.util.Locale;
import java.util.Optional;

/** The name of an import or export, taken apart. */
public sealed interface ExternName {
    /** {@code my-function}. */
    record Plain(String label) implements ExternName {}

    /** {@code [constructor]resource}. */
    record Constructor(String resource) implements ExternName {}

    /** {@code [method]resource.name}. */
    record Method(String resource, String label) implements ExternName {}

    /** {@code [static]resource.name}. */
    record Static(String resource, String label) implements ExternName {}

    /** {@code namespace:pkg/name@1.2.3}; the version may be shortened to what decides compatibility. */
    record Interface(String namespace, String pkg, String label, Optional<String> version) implements ExternName {}

    /**
     * Takes a name apart.
     *
     * @throws IllegalArgumentException that says what is wrong
     */
    static ExternName parse(String name) {
        if (name.startsWith("[")) {
            int end = name.indexOf(']');
            String rest = end < 0 ? "" : name.substring(end + 1);
            return switch (end < 0 ? "" : name.substring(1, end)) {
                case "constructor" -> new Constructor(label(rest, name));
                case "method" -> {
                    int dot = dot(rest, name);
                    yield new Method(label(rest.substring(0, dot), name), label(rest.substring(dot + 1), name));
                }
                case "static" -> {
                    int dot = dot(rest, name);
                    yield new Static(label(rest.substring(0, dot), name), label(rest.substring(dot + 1), name));
                }
                default ->
                    throw new IllegalArgumentException("the annotation of name '" + name
                            + "' is [constructor], [method] or [static]; it is none of them");
            };
        }
        if (name.contains("=<")) {
            throw new IllegalArgumentException("name '" + name
                    + "' is a label or the name of an interface; names of dependencies (url=, integrity=, locked-dep=,"
                    + " unlocked-dep=) are not part of the specification any more");
        }
        return name.indexOf(':') >= 0 ? interfaceName(name) : new Plain(label(name, name));
    }

    /**
     * Takes the name of an interface apart.
     *
     * @throws IllegalArgumentException that says what is wrong
     */
    static Interface interfaceName(String name) {
        int at = name.indexOf('@');
        Optional<String> version = at < 0 ? Optional.empty() : Optional.of(name.substring(at + 1));
        String path = at < 0 ? name : name.substring(0, at);
        int colon = path.indexOf(':');
        int slash = path.indexOf('/', colon + 1);
        if (colon < 0 || slash < 0) {
            throw new IllegalArgumentException(
                    "interface name '" + name + "' has the form namespace:package/interface@version");
        }
        Interface parsed = new Interface(
                words(path.substring(0, colon), name),
                words(path.substring(colon + 1, slash), name),
                label(path.substring(slash + 1), name),
                version);
        if (version.isPresent() && !isVersion(version.get()) && !isCanonicalVersion(version.get())) {
            throw new IllegalArgumentException("the version of '" + name
                    + "' is a semantic version, or the part of one that decides compatibility");
        }
        return parsed;
    }

    /** What must differ between any two names of one scope, so that source languages can tell them apart. */
    static String uniqueKey(String name) {
        int at = name.indexOf('@');
        String path = at < 0 ? name : name.substring(0, at);
        String key = path.toLowerCase(Locale.ROOT);
        for (String annotation : new String[] {"[method]", "[static]"}) {
            if (key.startsWith(annotation)) {
                key = key.substring(annotation.length());
                int dot = key.indexOf('.');
                if (dot >= 0 && key.substring(0, dot).equals(key.substring(dot + 1))) {
                    key = key.substring(0, dot);
                }
                break;
            }
        }
        return at < 0 ? key : key + name.substring(at);
    }

    /**
     * Whether it is words or acronyms of letters and digits with hyphens between them, and starts with a letter:
     * {@code is-XML}, {@code a1-2}.
     */
    static boolean isLabel(String label) {
        return isFragments(label, true);
    }

    /** Major, minor and patch, then perhaps a pre-release and build metadata. */
    static boolean isVersion(String version) {
        int plus = version.indexOf('+');
        String build = plus < 0 ? "" : version.substring(plus + 1);
        String rest = plus < 0 ? version : version.substring(0, plus);
        int hyphen = rest.indexOf('-');
        String release = hyphen < 0 ? "" : rest.substring(hyphen + 1);
        String[] core = (hyphen < 0 ? rest : rest.substring(0, hyphen)).split("\\.", -1);
        return core.length == 3
                && isNumber(core[0])
                && isNumber(core[1])
                && isNumber(core[2])
                && (hyphen < 0 || areIdentifiers(release, true))
                && (plus < 0 || areIdentifiers(build, false));
    }

    /** The part of a semantic version up to its first number that is not 0. */
    static boolean isCanonicalVersion(String version) {
        String[] numbers = version.split("\\.", -1);
        if (numbers.length > 3) {
            return false;
        }
        for (int i = 0; i < numbers.length; i++) {
            boolean last = i == numbers.length - 1;
            boolean zero = numbers[i].equals("0");
            if (!isNumber(numbers[i]) || (zero == last && !(zero && i == 2))) {
                return false;
            }
        }
        return true;
    }

    private static int dot(String rest, String name) {
        int dot = rest.indexOf('.');
        if (dot < 0) {
            throw new IllegalArgumentException("name '" + name + "' has a dot between resource and function");
        }
        return dot;
    }

    private static String label(String label, String name) {
        if (!isLabel(label)) {
            throw new IllegalArgumentException("'" + label + "' in name '" + name + "' is not in kebab case");
        }
        return label;
    }

    private static String words(String words, String name) {
        if (!isFragments(words, false)) {
            throw new IllegalArgumentException(
                    "'" + words + "' in name '" + name + "' is not in kebab case of lower-case words");
        }
        return words;
    }

    private static boolean isFragments(String text, boolean acronyms) {
        boolean start = true;
        boolean lower = false;
        boolean upper = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '-') {
                if (start) {
                    return false;
                }
                start = true;
                lower = false;
                upper = false;
                continue;
            }
            boolean letter = isLower(c) || isUpper(c);
            lower |= isLower(c);
            upper |= isUpper(c);
            if ((!letter && !(isDigit(c) && i > 0)) || (lower && upper) || (upper && !acronyms)) {
                return false;
            }
            start = false;
        }
        return !start;
    }

    private static boolean areIdentifiers(String identifiers, boolean ofRelease) {
        for (String identifier : identifiers.split("\\.", -1)) {
            boolean digits = true;
            for (int i = 0; i < identifier.length(); i++) {
                char c = identifier.charAt(i);
                if (!isLower(c) && !isUpper(c) && !isDigit(c) && c != '-') {
                    return false;
                }
                digits &= isDigit(c);
            }
            if (identifier.isEmpty() || (ofRelease && digits && !isNumber(identifier))) {
                return false;
            }
        }
        return true;
    }

    private static boolean isNumber(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (!isDigit(text.charAt(i))) {
                return false;
            }
        }
        return !text.isEmpty() && (text.length() == 1 || text.charAt(0) != '0');
    }

    private static boolean isLower(char c) {
        return c >= 'a' && c <= 'z';
    }

    private static boolean isUpper(char c) {
        return c >= 'A' && c <= 'Z';
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }
}
