package io.github.squeeze4j.engine;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.function.Supplier;
import org.nd4j.linalg.api.ndarray.INDArray;

/** An array that is computed when it is first read. */
final class LazyArray implements InvocationHandler {
    private final Supplier<INDArray> array;
    private final INDArray token;
    private INDArray summed;
    private Moments moments;
    private boolean shared;

    private LazyArray(Supplier<INDArray> array, INDArray token) {
        this.array = array;
        this.token = token;
    }

    /**
     * @param array gives at each call what is read; it may change, and should be quick but for the first time
     * @param token stands for it where nobody reads
     */
    static INDArray of(Supplier<INDArray> array, INDArray token) {
        return (INDArray) Proxy.newProxyInstance(
                LazyArray.class.getClassLoader(), new Class<?>[] {INDArray.class}, new LazyArray(array, token));
    }

    /** The token of a lazy array; any other array itself. */
    static INDArray token(INDArray array) {
        return array != null && Proxy.isProxyClass(array.getClass())
                ? ((LazyArray) Proxy.getInvocationHandler(array)).token
                : array;
    }

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
        INDArray real = array.get();
        if (arguments == null && Moments.fits(real)) {
            Double value = number(method.getName(), real);
            if (value != null && !value.isNaN()) { // ND4J's own answer to NaN differs from one to the other
                return value;
            }
        }
        // it may have been written to, and by the holder of another view of it at any time
        summed = null;
        shared |= method.getReturnType() == INDArray.class && !method.getName().equals("dup");
        try {
            return method.invoke(real, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private Double number(String method, INDArray real) {
        switch (method) {
            case "meanNumber":
                return moments(real).mean;
            case "stdNumber":
                return moments(real).deviation;
            case "norm1Number":
                return moments(real).magnitudes;
            case "minNumber":
                return moments(real).smallest;
            case "maxNumber":
                return moments(real).largest;
            default:
                return null;
        }
    }

    private Moments moments(INDArray real) {
        if (summed != real || shared) {
            moments = Moments.of(real);
            summed = real;
        }
        return moments;
    }
}
