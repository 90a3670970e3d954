package io.github.squeeze4j.images;

/**
 * Rows of values two by two, each pair of values in one long, the upper row's in its lower half: one multiplication serves
 * both. Sums of products stay apart as long as each fits into 32 bits, negative ones too.
 */
final class RowPairs {
    /** One half in the resampling's fixed point, in both rows. */
    static final long HALF = (1L << 32 | 1) << Resampling.PRECISION - 1;

    final int rows;
    /** Values in a row. */
    final int row;

    final long[] values;

    private RowPairs(int rows, int row) {
        this.rows = rows;
        this.row = row;
        values = new long[(rows + 1) / 2 * row];
    }

    /** Of a part of a picture. */
    static RowPairs of(Picture picture, Resampling.Area area) {
        int channels = picture.channels();
        RowPairs pairs = new RowPairs(area.height, area.width * channels);
        byte[] in = picture.raw();
        int stride = picture.width() * channels;
        for (int y = 0; y < area.height; y += 2) {
            int upper = (area.top + y) * stride + area.left * channels;
            int lower = y + 1 < area.height ? upper + stride : upper;
            int to = y / 2 * pairs.row;
            for (int i = 0; i < pairs.row; i++) {
                pairs.values[to + i] = in[upper + i] & 0xffL | (in[lower + i] & 0xffL) << 32;
            }
        }
        return pairs;
    }

    /** Of values from 0 to 255. */
    static RowPairs of(int[] in, int row) {
        RowPairs pairs = new RowPairs(in.length / row, row);
        for (int y = 0; y < pairs.rows; y += 2) {
            int upper = y * row;
            int lower = y + 1 < pairs.rows ? upper + row : upper;
            int to = y / 2 * row;
            for (int i = 0; i < row; i++) {
                pairs.values[to + i] = in[upper + i] | (long) in[lower + i] << 32;
            }
        }
        return pairs;
    }

    /** The lower row's part of a sum of products. */
    static int lower(long sum) {
        return (int) (sum - (int) sum >> 32);
    }
}
