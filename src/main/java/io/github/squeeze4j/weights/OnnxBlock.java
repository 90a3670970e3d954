package io.github.squeeze4j.weights;

import io.github.squeeze4j.blocks.AttentionBlock;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.nd4j.autodiff.functions.DifferentialFunction;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.BaseOp;
import org.nd4j.linalg.api.ops.CustomOp;
import org.nd4j.linalg.api.ops.ReduceOp;
import org.nd4j.linalg.api.ops.ScalarOp;

/**
 * An attention block in ONNX, operation by operation from its SameDiff definition, so that every block is there by being defined.
 * What a definition computes in double precision is float32 here.
 */
final class OnnxBlock {
    private static final int ORDER = -99;

    private final OnnxGraph onnx;
    private final String prefix;
    /** What the definition's variables are called in ONNX. */
    private final Map<String, String> names = new LinkedHashMap<>();

    private OnnxBlock(OnnxGraph onnx, String prefix) {
        this.onnx = onnx;
        this.prefix = prefix;
    }

    /** Adds the block; its result has the vertex' name. */
    static void add(
            OnnxGraph onnx,
            String vertex,
            AttentionBlock block,
            Map<String, INDArray> parameters,
            String input,
            long[] map) {
        SameDiff sd = SameDiff.create();
        OnnxBlock translation = new OnnxBlock(onnx, vertex + "/");
        SDVariable x = sd.placeHolder("input", DataType.FLOAT, -1, map[0], map[1], map[2]);
        translation.names.put(x.name(), input);
        Map<String, SDVariable> variables = new LinkedHashMap<>();
        parameters.forEach((name, value) -> variables.put(name, sd.constant(name, value.castTo(DataType.FLOAT))));
        SDVariable result = block.defineLayer(sd, x, variables, null);
        for (SDVariable variable : List.copyOf(sd.variables())) {
            if (variable.getVariableType() == VariableType.CONSTANT) {
                INDArray value = variable.getArr();
                translation.names.put(
                        variable.name(), onnx.tensor(vertex + "/" + variable.name(), value, value.shape()));
            }
        }
        for (SameDiffOp op : sd.getOps().values()) {
            translation.add(op);
        }
        onnx.node("Identity", translation.names.get(result.name())).as(vertex);
    }

    private void add(SameDiffOp op) {
        DifferentialFunction function = op.getOp();
        String[] inputs = op.getInputsToOp().stream().map(names::get).toArray(String[]::new);
        String output = prefix + op.getOutputsOfOp().get(0);
        names.put(op.getOutputsOfOp().get(0), output);
        if (function instanceof ScalarOp && !function.opName().equals("relu")) {
            scalar(function.opName(), inputs[0], ((ScalarOp) function).scalar().getDouble(0), output);
        } else if (function instanceof ReduceOp) {
            reduce((ReduceOp) function, function.opName(), inputs[0], output);
        } else {
            operation(function, inputs, output);
        }
    }

    private void scalar(String name, String input, double value, String output) {
        if (name.equals("relu6")) {
            onnx.node("Clip", input, onnx.number(0), onnx.number(6)).as(output);
            return;
        }
        if (name.equals("leakyrelu")) {
            onnx.node("LeakyRelu", input).real("alpha", value).as(output);
            return;
        }
        String number = onnx.number(value);
        switch (name) {
            case "add_scalar":
                onnx.node("Add", input, number).as(output);
                break;
            case "sub_scalar":
                onnx.node("Sub", input, number).as(output);
                break;
            case "rsub_scalar":
                onnx.node("Sub", number, input).as(output);
                break;
            case "mul_scalar":
                onnx.node("Mul", input, number).as(output);
                break;
            case "div_scalar":
                onnx.node("Div", input, number).as(output);
                break;
            default:
                throw unknown(name);
        }
    }

    private void reduce(ReduceOp op, String name, String input, String output) {
        long[] axes = Arrays.stream(((BaseOp) op).dimensions().toLongVector()).toArray();
        long keep = op.isKeepDims() ? 1 : 0;
        switch (name) {
            case "reduce_mean":
                onnx.node("ReduceMean", input)
                        .ints("axes", axes)
                        .number("keepdims", keep)
                        .as(output);
                break;
            case "reduce_max":
                onnx.node("ReduceMax", input)
                        .ints("axes", axes)
                        .number("keepdims", keep)
                        .as(output);
                break;
            case "reduce_sum":
                onnx.node("ReduceSum", input, onnx.integers(axes))
                        .number("keepdims", keep)
                        .as(output);
                break;
            default:
                throw unknown(name);
        }
    }

    private void operation(DifferentialFunction function, String[] inputs, String output) {
        String name = function.opName();
        switch (name) {
            case "add":
                onnx.node("Add", inputs).as(output);
                break;
            case "subtract":
                onnx.node("Sub", inputs).as(output);
                break;
            case "multiply":
                onnx.node("Mul", inputs).as(output);
                break;
            case "divide":
                onnx.node("Div", inputs).as(output);
                break;
            case "relu":
                onnx.node("Relu", inputs).as(output);
                break;
            case "sigmoid":
                onnx.node("Sigmoid", inputs).as(output);
                break;
            case "tanh":
                onnx.node("Tanh", inputs).as(output);
                break;
            case "swish":
                String sigmoid = onnx.node("Sigmoid", inputs).as(output + "/sigmoid");
                onnx.node("Mul", inputs[0], sigmoid).as(output);
                break;
            case "elu":
                onnx.node("Elu", inputs).as(output);
                break;
            case "selu":
                onnx.node("Selu", inputs).as(output);
                break;
            case "softplus":
                onnx.node("Softplus", inputs).as(output);
                break;
            case "sqrt":
                onnx.node("Sqrt", inputs).as(output);
                break;
            case "cast":
                onnx.node("Identity", inputs).as(output);
                break;
            case "tile":
                onnx.node("Tile", inputs[0], onnx.integers(((CustomOp) function).iArgs()))
                        .as(output);
                break;
            default:
                if (!(function instanceof CustomOp)) {
                    throw unknown(name);
                }
                shaped((CustomOp) function, inputs, output);
        }
    }

    private void shaped(CustomOp op, String[] inputs, String output) {
        long[] integers = op.iArgs();
        switch (op.opName()) {
            case "ClipByValue":
                onnx.node("Clip", inputs[0], onnx.number(op.tArgs()[0]), onnx.number(op.tArgs()[1]))
                        .as(output);
                break;
            case "softmax":
                onnx.node("Softmax", inputs).number("axis", integers[0]).as(output);
                break;
            case "strided_slice":
                slice(integers, inputs[0], output);
                break;
            case "concat":
                onnx.node("Concat", inputs).number("axis", integers[0]).as(output);
                break;
            case "permute":
                onnx.node("Transpose", inputs[0]).ints("perm", integers).as(output);
                break;
            case "reshape":
                long[] sizes = integers[0] == ORDER ? Arrays.copyOfRange(integers, 1, integers.length) : integers;
                onnx.node("Reshape", inputs[0], onnx.integers(sizes)).as(output);
                break;
            case "matmul":
                if (Arrays.stream(integers).anyMatch(transposed -> transposed != 0)) {
                    throw unknown("matmul of transposed matrices");
                }
                onnx.node("MatMul", inputs).as(output);
                break;
            case "avgpool2d":
                averagePooling(integers, inputs[0], output);
                break;
            case "conv2d":
                convolution(integers, inputs, output);
                break;
            default:
                throw unknown(op.opName());
        }
    }

    /** Masks of what begins and ends with the axis, of ellipses, new and removed axes; then begins, ends and steps. */
    private void slice(long[] of, String input, String output) {
        int axes = (of.length - 5) / 3;
        long keptBegin = of[0];
        long keptEnd = of[2];
        if (of[1] != 0 || of[3] != 0 || of[4] != 0) {
            throw unknown("strided_slice that changes axes");
        }
        long[] chosen = LongStream.range(0, axes)
                .filter(axis -> (keptBegin >> axis & 1) == 0 && (keptEnd >> axis & 1) == 0)
                .toArray();
        onnx.node(
                        "Slice",
                        input,
                        onnx.integers(at(of, 5, chosen)),
                        onnx.integers(at(of, 5 + axes, chosen)),
                        onnx.integers(chosen),
                        onnx.integers(at(of, 5 + 2 * axes, chosen)))
                .as(output);
    }

    private static long[] at(long[] values, int start, long... places) {
        return Arrays.stream(places).map(place -> values[start + (int) place]).toArray();
    }

    /** Sizes of window, stride, padding and dilation, then whether the size stays, what is divided by, and the layout. */
    private void averagePooling(long[] of, String input, String output) {
        if (Arrays.stream(of, 4, 6).anyMatch(padding -> padding != 0) || of[8] != 0 || of[10] != 0) {
            throw unknown("avgpool2d with padding or channels last");
        }
        onnx.node("AveragePool", input)
                .ints("kernel_shape", of[0], of[1])
                .ints("strides", of[2], of[3])
                .as(output);
    }

    /** The definition's weights are [height, width, in, out]. */
    private void convolution(long[] of, String[] inputs, String output) {
        String[] ordered = inputs.clone();
        ordered[1] = onnx.node("Transpose", inputs[1]).ints("perm", 3, 2, 0, 1).as(output + "/weights");
        onnx.node("Conv", ordered)
                .ints("kernel_shape", of[0], of[1])
                .ints("strides", of[2], of[3])
                .ints("pads", of[4], of[5], of[4], of[5])
                .ints("dilations", of[6], of[7])
                .as(output);
    }

    private WeightsException unknown(String operation) {
        return new WeightsException("operation (" + operation + ") of block " + prefix
                + " must be one that ONNX export knows; leave the block out");
    }
}
