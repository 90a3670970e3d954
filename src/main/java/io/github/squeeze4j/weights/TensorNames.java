package io.github.squeeze4j.weights;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A map from the parameters of a network to the tensors of a reference implementation: an ordered list of rules, of which the
 * first that fits counts. Immutable once built.
 *
 * <p>A rule is a regular expression over {@code vertex/parameter}, such as {@code stage1.block2.conv3/W}, and the tensor's name
 * with {@code $1}, {@code $2}, ... for its groups and {@code {$1-1}} for a group less one, since references count from 0.
 */
final class TensorNames {
    /** How a tensor holds what a parameter holds. */
    enum Form {
        /** The same sizes. */
        SAME,
        /** [outputs, inputs] where the parameter is [inputs, outputs]. */
        LINEAR,
        /** A convolution of 1x1, [outputs, inputs, 1, 1], where the parameter is [inputs, outputs]. */
        POINTWISE,
        /** A convolution along channels, [1, 1, kernel], where the parameter is [kernel]. */
        ALONG_CHANNELS,
        /** A convolution of each channel, [C, 1, height, width], where the parameter is [C, height, width]. */
        DEPTHWISE
    }

    /** The tensor that holds a parameter. */
    static final class Tensor {
        final String name;
        private final Form form;
        /** The tensor with the one number that this one is to be divided by, or null. */
        final String divisor;

        Tensor(String name, Form form, String divisor) {
            this.name = name;
            this.form = form;
            this.divisor = divisor;
        }

        /** Whether the tensor is [outputs, inputs] where the parameter is [inputs, outputs]; else elements lie alike. */
        boolean isTransposed() {
            return form == Form.LINEAR || form == Form.POINTWISE;
        }

        /** The tensor's sizes for a parameter of these. */
        long[] shape(long... parameter) {
            switch (form) {
                case LINEAR:
                    return new long[] {parameter[1], parameter[0]};
                case POINTWISE:
                    return new long[] {parameter[1], parameter[0], 1, 1};
                case ALONG_CHANNELS:
                    return new long[] {1, 1, parameter[0]};
                case DEPTHWISE:
                    return new long[] {parameter[0], 1, parameter[1], parameter[2]};
                default:
                    return parameter;
            }
        }
    }

    private static final class Rule {
        private final Pattern pattern;
        private final String name;
        private final Form form;
        private final String divisor;

        Rule(String pattern, String name, Form form, String divisor) {
            this.pattern = Pattern.compile(pattern);
            this.name = name;
            this.form = form;
            this.divisor = divisor;
        }

        private static String filled(Matcher matcher, String name) {
            return LESS_ONE.matcher(matcher.replaceFirst(name)).replaceAll(TensorNames::lessOne);
        }
    }

    private static final Pattern LESS_ONE = Pattern.compile("\\{(\\d+)-1\\}");

    private final List<Rule> rules = new ArrayList<>();
    private Pattern unused = Pattern.compile("(.*\\.)?num_batches_tracked");

    TensorNames() {}

    /**
     * The tensor for a parameter.
     *
     * @throws IllegalArgumentException if no rule fits: the map belongs to another network
     */
    Tensor of(String vertex, String parameter) {
        String key = vertex + "/" + parameter;
        Tensor found = find(key);
        if (found == null) {
            throw new IllegalArgumentException(
                    "parameter (" + key
                            + ") must have a tensor in the reference; use the names of this network's reference implementation");
        }
        return found;
    }

    /** The tensor for {@code vertex/parameter}, or null where no rule fits. */
    Tensor find(String key) {
        for (Rule rule : rules) {
            Matcher matcher = rule.pattern.matcher(key);
            if (matcher.matches()) {
                String divisor = rule.divisor == null ? null : Rule.filled(matcher, rule.divisor);
                return new Tensor(Rule.filled(matcher, rule.name), rule.form, divisor);
            }
        }
        return null;
    }

    /** Whether the reference has a tensor of this name that its answers do not depend on. */
    boolean isUnused(String name) {
        return unused.matcher(name).matches();
    }

    private static String lessOne(MatchResult number) {
        return Integer.toString(Integer.parseInt(number.group(1)) - 1);
    }

    // ---- rules -----------------------------------------------------------------------------------------------------

    /** The rules of another map behind these. */
    TensorNames then(TensorNames others) {
        rules.addAll(others.rules);
        return this;
    }

    /** Stem, blocks, shortcuts and classifier of a ResNet in PyTorch. */
    TensorNames residual(String stemConvolution, String stemNorm, String classifier) {
        String block = "stage(\\d)\\.block(\\d+)\\.";
        String theirs = "layer$1.{$2-1}.";
        return convolution("stem\\.conv", stemConvolution)
                .batchNorm("stem\\.bn", stemNorm)
                .convolution(block + "(conv\\d)", theirs + "$3")
                .batchNorm(block + "(bn\\d)", theirs + "$3")
                .convolution(block + "shortcut\\.conv", theirs + "downsample.0")
                .batchNorm(block + "shortcut\\.bn", theirs + "downsample.1")
                .linear("classifier", classifier);
    }

    TensorNames unit(String ours, String number, String theirs) {
        return convolution(ours + "conv" + number, theirs + ".conv").batchNorm(ours + "bn" + number, theirs + ".bn");
    }

    TensorNames convolution(String ours, String theirs) {
        return parameter(ours + "/W", theirs + ".weight").parameter(ours + "/b", theirs + ".bias");
    }

    TensorNames batchNorm(String ours, String theirs) {
        return parameter(ours + "/gamma", theirs + ".weight")
                .parameter(ours + "/beta", theirs + ".bias")
                .parameter(ours + "/mean", theirs + ".running_mean")
                .parameter(ours + "/var", theirs + ".running_var");
    }

    /** The named BatchNorm of a block. */
    TensorNames innerNorm(String ours, String theirs) {
        return parameter(ours + "Gamma", theirs + ".weight")
                .parameter(ours + "Beta", theirs + ".bias")
                .parameter(ours + "Mean", theirs + ".running_mean")
                .parameter(ours + "Var", theirs + ".running_var");
    }

    TensorNames linear(String ours, String theirs) {
        return transposed(ours + "/W", theirs + ".weight").parameter(ours + "/b", theirs + ".bias");
    }

    /** Two linear layers. */
    TensorNames excitation(String ours, String theirs, String reduce, String expand) {
        return excitation(ours, theirs, reduce, expand, Form.LINEAR);
    }

    /** Two convolutions of 1x1. */
    TensorNames pointwiseExcitation(String ours, String theirs, String reduce, String expand) {
        return excitation(ours, theirs, reduce, expand, Form.POINTWISE);
    }

    TensorNames excitation(String ours, String theirs, String reduce, String expand, Form form) {
        return rule(ours + "/reduceW", theirs + reduce + ".weight", form)
                .parameter(ours + "/reduceB", theirs + reduce + ".bias")
                .rule(ours + "/expandW", theirs + expand + ".weight", form)
                .parameter(ours + "/expandB", theirs + expand + ".bias");
    }

    TensorNames unused(String more) {
        unused = Pattern.compile(unused + "|" + more);
        return this;
    }

    TensorNames parameter(String ours, String theirs) {
        return rule(ours, theirs, Form.SAME);
    }

    TensorNames transposed(String ours, String theirs) {
        return rule(ours, theirs, Form.LINEAR);
    }

    TensorNames rule(String ours, String theirs, Form form) {
        rules.add(new Rule(ours, theirs, form, null));
        return this;
    }

    /** Caffe sums statistics up and stores what to divide them by. */
    TensorNames divided(String ours, String theirs, String divisor) {
        rules.add(new Rule(ours, theirs, Form.SAME, divisor));
        return this;
    }
}
