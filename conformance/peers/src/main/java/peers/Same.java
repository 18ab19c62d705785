package peers;

import java.beans.Introspector;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/** Comparisons that say what differs. */
final class Same {
    private Same() {}

    static void value(String what, Object expected, Object actual) {
        if (!Objects.equals(expected, actual)) {
            throw new AssertionError(what + ": expected " + expected + ", was " + actual);
        }
    }

    static void bytes(String what, byte[] expected, byte[] actual) {
        if (!Arrays.equals(expected, actual)) {
            throw new AssertionError(what + ": " + actual.length + " bytes, which are not the " + expected.length + " that went in");
        }
    }

    static void holds(String what, boolean condition) {
        if (!condition) {
            throw new AssertionError(what);
        }
    }

    /** Two metadata objects, attribute for attribute. */
    static void attributes(Object expected, Object actual, String... except) throws Exception {
        var differences = new ArrayList<String>();
        for (var property : Introspector.getBeanInfo(expected.getClass(), Object.class).getPropertyDescriptors()) {
            var getter = property.getReadMethod();
            if (getter == null || Set.of(except).contains(property.getName())) {
                continue;
            }
            var was = getter.invoke(actual);
            var should = getter.invoke(expected);
            if (!Objects.equals(should, was)) {
                differences.add(property.getName() + " expected " + should + ", was " + was);
            }
        }
        if (!differences.isEmpty()) {
            throw new AssertionError(differences.stream().collect(Collectors.joining("; ")));
        }
    }
}
