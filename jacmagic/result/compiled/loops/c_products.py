"""Products of matrices in C."""

# Products of matrices by blocks of 4 rows and 3 vectors, which fit into 16 registers. Factors 0 on
# the left are skipped where the right side is constant: rows that a `relu` switches off.
PRODUCTS = """
#ifdef __AVX512F__
#define WIDTH 8
#else
#define WIDTH 4
#endif
#define BLOCK (3 * WIDTH)
typedef double Vector __attribute__((vector_size(8 * WIDTH), aligned(8), may_alias));
#define BY_BLOCKS(ROWS) \\
    for (; j + BLOCK <= columns; j += BLOCK) { \\
        Vector s[ROWS][3]; \\
        memset(s, 0, sizeof s); \\
        for (long k = 0; k < terms; k++) { \\
            const Vector *r = (const Vector *)(b + k*columns + j); \\
            double any = !sparse; \\
            for (int i = 0; i < ROWS; i++) any += a[i*terms + k] != 0; \\
            if (any == 0) continue; \\
            for (int i = 0; i < ROWS; i++) \\
                for (int v = 0; v < 3; v++) s[i][v] += a[i*terms + k] * r[v]; \\
        } \\
        for (int i = 0; i < ROWS; i++) memcpy(c + i*columns + j, s[i], sizeof s[i]); \\
    } \\
    for (int i = 0; i < ROWS; i++) { \\
        for (long l = j; l < columns; l++) c[i*columns + l] = 0; \\
        for (long k = 0; k < terms; k++) { \\
            const double f = a[i*terms + k]; \\
            if (!sparse || f != 0) \\
                for (long l = j; l < columns; l++) c[i*columns + l] += f * b[k*columns + l]; \\
        } \\
    }
static void product(double *restrict c, const double *restrict a, const double *restrict b,
                    long rows, long terms, long columns, int sparse)
{
    for (; rows >= 4; rows -= 4, a += 4*terms, c += 4*columns) { long j = 0; BY_BLOCKS(4) }
    for (; rows >= 1; rows -= 1, a += terms, c += columns) { long j = 0; BY_BLOCKS(1) }
}
"""
