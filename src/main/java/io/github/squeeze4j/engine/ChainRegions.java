package io.github.squeeze4j.engine;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** All regions of a {@link MultiLayerNetwork}. */
final class ChainRegions implements Region {
    private final Map<String, String> layers = new LinkedHashMap<>();
    private static final String FROZEN =
            "frozen; in a ComputationGraph, as toComputationGraph() makes it, oneDNN computes it";

    private final MultiLayerNetwork network;
    private final List<ChainRegion> regions = new ArrayList<>();
    private final DataType maps;

    /**
     * @param maps the type of maps at inference
     * @throws Unsupported if no layer can be replaced
     */
    ChainRegions(MultiLayerNetwork network, DataType maps) {
        this.network = network;
        this.maps = maps;
        Topology all = Topology.chain(network, 0, network.getLayers().length, false);
        Plan.requireFloat(all);
        NodeFactory factory = new NodeFactory(all, new Run(false), Formats.of(all));
        List<int[]> spans = new ArrayList<>();
        int lastForeign = -1;
        for (int i = 0; i + 1 < all.vertices.length; i++) {
            if (Plan.isOutputLayer(all.vertices[i + 1])) {
                continue;
            }
            Node node = factory.node(all.vertices[i + 1], new int[] {i});
            boolean frozen = Plan.isFrozen(all.vertices[i + 1]); // DL4J looks for such layers by their class
            String dropout = Overwriting.dropout(all, all.vertices[i + 1]);
            layers.put(node.name, frozen ? FROZEN : dropout != null ? dropout : node.whyNotNative());
            if (node.isForeign(Mode.TRAINING) && !Derivatives.areNumbers(network.getLayers()[i])) {
                lastForeign = i;
            }
            if (frozen || dropout != null || node.isForeign(Mode.INFERENCE)) {
                continue;
            }
            int[] span = spans.isEmpty() ? null : spans.get(spans.size() - 1);
            boolean joins = span != null
                    && span[1] == i
                    && network.getLayerWiseConfigurations().getInputPreProcess(i) == null;
            if (joins) {
                span[1]++;
            } else {
                spans.add(new int[] {i, i + 1});
            }
        }
        if (spans.isEmpty()) {
            throw new Unsupported("it has no layer that oneDNN computes");
        }
        List<Plan> plans = new ArrayList<>(); // all of them before the first layer is replaced
        for (int[] span : spans) {
            plans.add(Plan.forTraining(Topology.chain(network, span[0], span[1], lastForeign >= span[1]), maps));
        }
        for (int i = 0; i < plans.size(); i++) {
            regions.add(new ChainRegion(this, network, spans.get(i)[0], plans.get(i)));
        }
    }

    @Override
    public void remove() {
        regions.forEach(ChainRegion::remove);
    }

    @Override
    public String refusal() {
        for (ChainRegion region : regions) {
            if (region.refusal() != null) {
                return region.refusal();
            }
        }
        return null;
    }

    @Override
    public int passesForListeners() {
        return regions.stream().mapToInt(ChainRegion::passesForListeners).max().orElse(0);
    }

    @Override
    public DataType maps() {
        return maps;
    }

    @Override
    public Set<String> single() {
        Set<String> single = new LinkedHashSet<>();
        regions.forEach(region -> single.addAll(region.single()));
        return single;
    }

    @Override
    public Map<String, String> layers() {
        return layers;
    }

    @Override
    public INDArray[] output(INDArray... inputs) {
        return new INDArray[] {network.output(inputs[0])};
    }
}
