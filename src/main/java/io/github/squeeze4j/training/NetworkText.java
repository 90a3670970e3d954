package io.github.squeeze4j.training;

import io.github.squeeze4j.internal.ShownText;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.nd4j.shade.jackson.core.JsonFactory;
import org.nd4j.shade.jackson.core.JsonParser;
import org.nd4j.shade.jackson.core.JsonProcessingException;
import org.nd4j.shade.jackson.core.JsonToken;
import org.nd4j.shade.jackson.databind.JavaType;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;
import org.nd4j.shade.jackson.databind.cfg.MapperConfig;
import org.nd4j.shade.jackson.databind.jsontype.PolymorphicTypeValidator;

/**
 * The text of a network's configuration. DL4J's reader makes objects of whatever classes the text names, and loads a class
 * before it finds out that it is none of a configuration: here every name is compared with the packages of configurations
 * first, once in the text and once again where the reader is about to load a class.
 */
final class NetworkText {
    static final int DEEPEST = 64;
    private static final int LONGEST_NUMBER = 40;
    private static final int LARGEST_SCALE = 400;

    /** Packages of which every class is a part of a configuration. Inner classes count, packages below do not. */
    private static final Set<String> PACKAGES = Set.of(
            "org.deeplearning4j.nn.conf",
            "org.deeplearning4j.nn.conf.constraint",
            "org.deeplearning4j.nn.conf.distribution",
            "org.deeplearning4j.nn.conf.dropout",
            "org.deeplearning4j.nn.conf.graph",
            "org.deeplearning4j.nn.conf.graph.rnn",
            "org.deeplearning4j.nn.conf.inputs",
            "org.deeplearning4j.nn.conf.layers",
            "org.deeplearning4j.nn.conf.layers.convolutional",
            "org.deeplearning4j.nn.conf.layers.misc",
            "org.deeplearning4j.nn.conf.layers.recurrent",
            "org.deeplearning4j.nn.conf.layers.util",
            "org.deeplearning4j.nn.conf.layers.variational",
            "org.deeplearning4j.nn.conf.layers.wrapper",
            "org.deeplearning4j.nn.conf.preprocessor",
            "org.deeplearning4j.nn.conf.stepfunctions",
            "org.deeplearning4j.nn.conf.weightnoise",
            "org.deeplearning4j.nn.weights",
            "org.nd4j.linalg.activations.impl",
            "org.nd4j.linalg.learning.config",
            "org.nd4j.linalg.learning.regularization",
            "org.nd4j.linalg.lossfunctions.impl",
            "org.nd4j.linalg.schedule",
            "io.github.squeeze4j.blocks",
            "io.github.squeeze4j.layers");

    /** Updaters and schedules of this package. */
    private static final Set<String> OWN = Set.of(
            OneCycle.class.getName(),
            CosineDecay.class.getName(),
            WarmUp.class.getName(),
            ScaledSchedule.class.getName(),
            ClassicMomentum.class.getName());

    private static final Pattern CLASS_NAME = Pattern.compile("((?:\\w+\\.)*\\w+)\\.[\\w$]+");
    /** What begins like a class of ours, DL4J or ND4J and goes on like no class name at all. */
    private static final Pattern ALMOST_CLASS_NAME =
            Pattern.compile("(?:org\\.deeplearning4j|org\\.nd4j|io\\.github\\.squeeze4j)\\.[^<]*<.*", Pattern.DOTALL);

    /** Options of windows, each with its smallest value. */
    private static final Map<String, Integer> WINDOWS =
            Map.of("kernelSize", 1, "stride", 1, "dilation", 1, "padding", 0, "cropping", 0, "size", 1);

    /** Without the text itself in its messages. */
    private static final JsonFactory TEXTS = new JsonFactory()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .disable(JsonParser.Feature.INCLUDE_SOURCE_IN_LOCATION);

    private final String json;
    private final Predicate<String> allowed;
    private final Set<String> classes = new TreeSet<>();

    private NetworkText(String json, Predicate<String> alsoAllowed) {
        this.json = json;
        allowed = alsoAllowed.or(NetworkText::isConfiguration);
    }

    private static boolean isConfiguration(String name) {
        Matcher matcher = CLASS_NAME.matcher(name);
        return matcher.matches() && PACKAGES.contains(matcher.group(1)) || OWN.contains(name);
    }

    /** Reads through the text and loads nothing. */
    static NetworkText check(byte[] utf8, String entry, Predicate<String> alsoAllowed) throws IOException {
        NetworkText text = new NetworkText(decoded(utf8, entry), alsoAllowed);
        text.scan(entry);
        return text;
    }

    static String decoded(byte[] utf8, String entry) throws IOException {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(utf8))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new DamagedFileException(entry + " is not text in UTF-8");
        }
    }

    private void scan(String entry) throws IOException {
        scan(json, entry, (parser, inside) -> {
            JsonToken token = parser.currentToken();
            String name = parser.getCurrentName();
            if (token == JsonToken.FIELD_NAME && (name.equals("LayerVertex") || name.equals("dist"))) {
                throw new DamagedFileException(entry + " is of a DL4J before 1.0.0-beta4");
            }
            if (token == JsonToken.VALUE_NUMBER_INT
                    && parser.getParsingContext().inArray()) {
                requireWindow(parser, entry);
            }
            if (token != JsonToken.VALUE_STRING) {
                return;
            }
            String value = parser.getText();
            boolean names = "@class".equals(name) || "type".equals(name) && value.indexOf('.') >= 0;
            if (names || ALMOST_CLASS_NAME.matcher(value).matches()) {
                require(value, entry);
                classes.add(value);
            }
        });
        requireWholeArrays(new ObjectMapper().readTree(json), entry);
    }

    /** Arrays within the text, such as a loss function's weights: ND4J allocates what their shape says. */
    private static void requireWholeArrays(JsonNode node, String entry) throws IOException {
        if (node.has("shape") && node.has("data")) {
            long elements = 1;
            for (JsonNode size : node.get("shape")) {
                elements = size.canConvertToInt() && size.asInt() > 0 && elements <= Integer.MAX_VALUE
                        ? elements * size.asInt()
                        : -1;
            }
            if (elements != node.get("data").size()) {
                throw new DamagedFileException(entry + " holds an array of shape "
                        + ShownText.of(node.get("shape")) + " with "
                        + node.get("data").size() + " numbers");
            }
        }
        for (JsonNode child : node) {
            requireWholeArrays(child, entry);
        }
    }

    /** Kernels, strides and the like: native code divides and multiplies by them without looking. */
    private static void requireWindow(JsonParser parser, String entry) throws IOException {
        String name = parser.getParsingContext().getParent().getCurrentName();
        Integer least = WINDOWS.get(name == null ? "" : name);
        if (least != null) {
            BigInteger value = parser.getBigIntegerValue();
            if (value.bitLength() > 16 || value.intValue() < least) {
                throw new DamagedFileException(
                        entry + ": " + name + " (" + value + ") must be from " + least + " to 65535");
            }
        }
    }

    private void require(String className, String entry) throws IOException {
        if (!allowed.test(className)) {
            throw new DamagedFileException(entry + " names the class " + ShownText.of(className)
                    + ", which is no part of a DL4J, ND4J or Squeeze4j configuration, nor allowed by"
                    + " ModelFile.standard().allowing(...)");
        }
    }

    /** Looks at each token of a text. */
    interface TokenCheck {
        void check(JsonParser parser, int depth) throws IOException;
    }

    /** Reads a JSON text as tokens: bounded depth, no name twice in one object, no number that is costly to convert. */
    static void scan(String json, String entry, TokenCheck check) throws IOException {
        try (JsonParser parser = TEXTS.createParser(json)) {
            Deque<JsonToken> open = new ArrayDeque<>();
            do {
                JsonToken token = parser.nextToken();
                if (token == null) {
                    throw new DamagedFileException(entry + " ends too early");
                }
                if (token.isStructStart()) {
                    open.push(token);
                } else if (token.isStructEnd()) {
                    open.pop();
                }
                if (open.size() > DEEPEST) {
                    throw new DamagedFileException(entry + " is nested deeper than " + DEEPEST + " levels");
                }
                if (token.isNumeric()) {
                    requireModest(parser.getText(), entry);
                }
                check.check(parser, open.size());
            } while (!open.isEmpty());
            if (parser.nextToken() != null) {
                throw new DamagedFileException(entry + " goes on after its end");
            }
        } catch (JsonProcessingException e) {
            throw new DamagedFileException(entry + " is not JSON (" + firstLine(e) + ")");
        }
    }

    private static String firstLine(JsonProcessingException e) {
        return e.getOriginalMessage().lines().findFirst().orElse("");
    }

    private static void requireModest(String number, String entry) throws IOException {
        if (number.length() > LONGEST_NUMBER || Math.abs((long) new BigDecimal(number).scale()) > LARGEST_SCALE) {
            throw new DamagedFileException(entry + " holds the number " + ShownText.of(number)
                    + ", which is longer than any that is written there");
        }
    }

    /** The classes that the text names. */
    Set<String> classes() {
        return classes;
    }

    /** A reader of configurations that loads no class but a configuration's and those allowed besides. */
    static ObjectMapper reader(Predicate<String> alsoAllowed) {
        return NeuralNetConfiguration.mapper()
                .copy()
                .setPolymorphicTypeValidator(new OnlyAllowed(alsoAllowed.or(NetworkText::isConfiguration)));
    }

    /** Makes the configuration: the first moment at which a class is loaded. */
    ComputationGraphConfiguration parse(String entry, ObjectMapper reader) throws IOException {
        try {
            return reader.readValue(json, ComputationGraphConfiguration.class);
        } catch (JsonProcessingException e) {
            throw new DamagedFileException(entry + " is not a ComputationGraph's (" + firstLine(e) + ")");
        }
    }

    private static final class OnlyAllowed extends PolymorphicTypeValidator {
        private static final long serialVersionUID = 1L;

        private final transient Predicate<String> allowed;

        OnlyAllowed(Predicate<String> allowed) {
            this.allowed = allowed;
        }

        @Override
        public Validity validateBaseType(MapperConfig<?> config, JavaType baseType) {
            return Validity.INDETERMINATE;
        }

        @Override
        public Validity validateSubClassName(MapperConfig<?> config, JavaType baseType, String className) {
            return allowed.test(className) ? Validity.ALLOWED : Validity.DENIED;
        }

        @Override
        public Validity validateSubType(MapperConfig<?> config, JavaType baseType, JavaType subType) {
            return Validity.DENIED;
        }
    }
}
