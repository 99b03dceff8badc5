"""Products of matrices and linear algebra in C.

Matrices are dense, row by row, `batch` of them one after the other. A function returns 1 where
torch is to decide: where a pivot is zero up to rounding, or the norm of a matrix is not finite.
"""

# Products of matrices by blocks of 4 rows and 3 vectors, which fit into 16 registers. Factors 0 on
# the left are skipped where the right side is constant: rows that a `relu` switches off.
_PRODUCTS = """
#ifdef __AVX512F__
#define WIDTH 8
#else
#define WIDTH 4
#endif
typedef double Vector __attribute__((vector_size(8 * WIDTH), aligned(8), may_alias));
#define BY_BLOCKS(ROWS, VECTORS) \\
    for (; j + VECTORS * WIDTH <= columns; j += VECTORS * WIDTH) { \\
        Vector s[ROWS][VECTORS]; \\
        memset(s, 0, sizeof s); \\
        if (add) \\
            for (int i = 0; i < ROWS; i++) memcpy(s[i], c + i*columns + j, sizeof s[i]); \\
        for (long k = 0; k < terms; k++) { \\
            const Vector *r = (const Vector *)(b + k*columns + j); \\
            double any = !sparse; \\
            for (int i = 0; i < ROWS; i++) any += a[i*terms + k] != 0; \\
            if (any == 0) continue; \\
            for (int i = 0; i < ROWS; i++) \\
                for (int v = 0; v < VECTORS; v++) s[i][v] += a[i*terms + k] * r[v]; \\
        } \\
        for (int i = 0; i < ROWS; i++) memcpy(c + i*columns + j, s[i], sizeof s[i]); \\
    }
#define BY_ROWS(ROWS) \\
    for (; rows >= ROWS; rows -= ROWS, a += ROWS*terms, c += ROWS*columns) { \\
        long j = 0; \\
        BY_BLOCKS(ROWS, 3) \\
        BY_BLOCKS(ROWS, 1) \\
        for (int i = 0; i < ROWS; i++) \\
            for (long l = j; l < columns; l++) { \\
                double s = add ? c[i*columns + l] : 0; \\
                for (long k = 0; k < terms; k++) { \\
                    const double f = a[i*terms + k]; \\
                    if (!sparse || f != 0) s += f * b[k*columns + l]; \\
                } \\
                c[i*columns + l] = s; \\
            } \\
    }
static void product(double *restrict c, const double *restrict a, const double *restrict b,
                    long rows, long terms, long columns, int sparse, int add)
{
    BY_ROWS(4)
    BY_ROWS(1)
}
static int products(double *restrict c, const double *restrict a, const double *restrict b,
                    long batch, long rows, long terms, long columns, int sparse)
{
    for (long i = 0; i < batch; i++)
        product(c + i*rows*columns, a + i*rows*terms, b + i*terms*columns,
                rows, terms, columns, sparse, 0);
    return 0;
}
"""

# A = UᵀU, from the upper triangle of A. A pivot is what is left of aₖₖ > 0 when squares are taken
# away, with an error of up to n·ε·aₖₖ (Higham, Accuracy and Stability, §10.1).
_CHOLESKY = """
static int cholesky(double *restrict u, const double *restrict a, long batch, long n, double tiny)
{
    memcpy(u, a, batch * n * n * sizeof *u);
    for (; batch > 0; batch--, a += n*n, u += n*n)
        for (long k = 0; k < n; k++) {
            double *restrict pivot = u + k*n;
            if (!(pivot[k] > tiny * a[k*n + k])) return 1;
            const double root = sqrt(pivot[k]);
            for (long j = k; j < n; j++) pivot[j] /= root;
            for (long i = k + 1; i < n; i++)
                for (long j = i; j < n; j++) u[i*n + j] -= pivot[i] * pivot[j];
        }
    return 0;
}
"""

# PA = LU by rows, with the largest entry of a column as pivot, as LAPACK's `getrf`. Of each matrix
# the factors, the rows, counted from 1, that were exchanged, det A, its sign, and log |det A| where
# `logs` says so. Rounding leaves up to n·ε·maxᵢ|aᵢₖ| of a pivot that is zero (Higham, §9.3, without
# growth).
_LU = """
static int lu(double *restrict u, const double *restrict a, long batch, long n, double tiny,
              int logs)
{
    for (; batch > 0; batch--, a += n*n, u += n*n + n + 3) {
        double *restrict exchanged = u + n*n, *restrict det = exchanged + n;
        memcpy(u, a, n * n * sizeof *u);
        det[0] = det[1] = 1;
        det[2] = 0;
        for (long k = 0; k < n; k++) {
            double largest = 0;
            long p = k;
            for (long i = 0; i < n; i++) largest = fmax(largest, fabs(a[i*n + k]));
            for (long i = k + 1; i < n; i++) p = fabs(u[i*n + k]) > fabs(u[p*n + k]) ? i : p;
            const double pivot = u[p*n + k];
            if (!(fabs(pivot) > tiny * largest)) return 1;
            exchanged[k] = p + 1;
            det[0] *= p == k ? pivot : -pivot;
            det[1] *= (p == k) == (pivot > 0) ? 1 : -1;
            if (logs) det[2] += log(fabs(pivot));
            for (long j = 0; p != k && j < n; j++) {
                const double other = u[p*n + j];
                u[p*n + j] = u[k*n + j];
                u[k*n + j] = other;
            }
            for (long i = k + 1; i < n; i++) {
                const double f = u[i*n + k] /= pivot;
                for (long j = k + 1; j < n; j++) u[i*n + j] -= f * u[k*n + j];
            }
        }
    }
    return 0;
}
"""

# Triangular systems, in place and for blocks of columns that stay in the cache. The matrix's entry
# (i, j) is a[i*down + j*right]: transposed where `down` is 1.
_SOLVE = """
static void substitute(double *restrict x, const double *restrict a, long n, long columns,
                       long down, long right, int upper, int unit)
{
    for (long start = 0; start < columns; start += 64) {
        const long count = columns - start < 64 ? columns - start : 64;
        for (long k = 0; k < n; k++) {
            const long i = upper ? n - 1 - k : k;
            double *restrict row = x + i*columns + start;
            for (long l = 0; l < k; l++) {
                const long j = upper ? n - 1 - l : l;
                const double f = a[i*down + j*right], *restrict known = x + j*columns + start;
                for (long c = 0; c < count; c++) row[c] -= f * known[c];
            }
            for (long c = 0; !unit && c < count; c++) row[c] /= a[i*down + i*right];
        }
    }
}
static int solve_triangular(double *restrict x, const double *restrict a, const double *restrict b,
                            long batch, long n, long columns, int upper, int unit)
{
    memcpy(x, b, batch * n * columns * sizeof *x);
    for (long i = 0; i < batch; i++)
        substitute(x + i*n*columns, a + i*n*n, n, columns, n, 1, upper, unit);
    return 0;
}
static void exchange(double *restrict x, const double *restrict rows, long n, long columns,
                     int back)
{
    for (long k = 0; k < n; k++) {
        const long i = back ? n - 1 - k : k, p = rows[i] - 1;
        for (long c = 0; p != i && c < columns; c++) {
            const double other = x[p*columns + c];
            x[p*columns + c] = x[i*columns + c];
            x[i*columns + c] = other;
        }
    }
}
static int solve_lu(double *restrict x, const double *restrict u, const double *restrict rows,
                    const double *restrict b, long batch, long n, long columns, int adjoint)
{
    memcpy(x, b, batch * n * columns * sizeof *x);
    for (; batch > 0; batch--, x += n*columns, u += n*n, rows += n)
        if (adjoint) {
            substitute(x, u, n, columns, 1, n, 0, 0);
            substitute(x, u, n, columns, 1, n, 1, 1);
            exchange(x, rows, n, columns, 1);
        } else {
            exchange(x, rows, n, columns, 0);
            substitute(x, u, n, columns, n, 1, 0, 1);
            substitute(x, u, n, columns, n, 1, 1, 0);
        }
    return 0;
}
"""

# A = QR by reflections, with the signs of LAPACK's `geqrf`: R's diagonal has the sign opposite to
# the column's, but for a last row, which is not reflected. Q (m, n) and R (n, n) of each matrix; v
# holds the reflections. A column of which rounding may be all that is left decides no sign.
_QR = """
static void reflect(double *x, const double *v, long k, long j, long m, long n,
                    double factor)
{
    double w = x[k*n + j];
    for (long i = k + 1; i < m; i++) w += v[i*n + k] * x[i*n + j];
    x[k*n + j] -= w * factor;
    for (long i = k + 1; i < m; i++) x[i*n + j] -= w * factor * v[i*n + k];
}
static int qr(double *restrict q, const double *restrict a, long batch, long m, long n, double tiny)
{
    double *restrict v = q + batch*(m + n)*n, *restrict factors = v + m*n;
    for (; batch > 0; batch--, a += m*n, q += (m + n)*n) {
        double *restrict r = q + m*n;
        memcpy(v, a, m * n * sizeof *v);
        for (long k = 0; k < n; k++) {
            double largest = 0, rest = 0, first = v[k*n + k];
            for (long i = 0; i < m; i++) largest = fmax(largest, fabs(a[i*n + k]));
            for (long i = k + 1; i < m; i++) rest += v[i*n + k] * v[i*n + k];
            const double norm = k + 1 < m ? -copysign(sqrt(first*first + rest), first) : first;
            if (!(fabs(norm) > tiny * largest)) return 1;
            if (k + 1 < m && !(sqrt(rest) > tiny * largest)) return 1;
            factors[k] = (norm - first) / norm;
            for (long i = k + 1; i < m; i++) v[i*n + k] /= first - norm;
            for (long j = k + 1; j < n; j++) reflect(v, v, k, j, m, n, factors[k]);
            v[k*n + k] = norm;
        }
        memcpy(r, v, n * n * sizeof *r);
        for (long i = 0; i < m*n; i++) q[i] = i % n == i / n;
        for (long k = n - 1; k >= 0; k--)
            for (long j = k; j < n; j++) reflect(q, v, k, j, m, n, factors[k]);
    }
    return 0;
}
"""

# exp A and its derivatives in k directions, by scaling and squaring: the Taylor polynomial of
# degree 16 of A/2ˢ in four blocks of powers (Paterson and Stockmeyer), then s squarings. Where
# ‖A/2ˢ‖₁ is up to 0.6, the terms left out of the derivative, ‖A/2ˢ‖¹⁶/16!·e^‖A/2ˢ‖, are below
# 2⁻⁵³·e^-‖A/2ˢ‖. A matrix and its derivatives are (n, n) numbers, followed by (n, n, k).
_EXPONENTIAL = """
static void dual_product(double *restrict z, const double *restrict x, const double *restrict y,
                         long n, long k, double *restrict turned)
{
    product(z, x, y, n, n, n, 0, 0);
    if (!k) return;
    product(z + n*n, x, y + n*n, n, n, n*k, 0, 0);
    for (long i = 0; i < n; i++)
        for (long j = 0; j < n; j++) turned[j*n + i] = y[i*n + j];
    for (long i = 0; i < n; i++)
        product(z + n*n + i*n*k, turned, x + n*n + i*n*k, n, n, k, 0, 1);
}
static int exponential(double *restrict out, const double *restrict a, const double *restrict e,
                       long batch, long n, long k)
{
    const long size = n * n * (1 + k);
    double *x = out + batch*size, *x2 = x + size, *x3 = x2 + size, *x4 = x3 + size;
    double *sum = x4 + size, *turned = sum + size;
    double c[17] = {1};
    for (int i = 1; i < 17; i++) c[i] = c[i - 1] / i;
    for (; batch > 0; batch--, a += n*n, e += n*n*k, out += size) {
        double norm = 0;
        for (long j = 0; j < n; j++) {
            double column = 0;
            for (long i = 0; i < n; i++) column += fabs(a[i*n + j]);
            if (!isfinite(column)) return 1;
            norm = fmax(norm, column);
        }
        int squarings = 0;
        while (ldexp(norm, -squarings) > 0.6) squarings++;
        for (long i = 0; i < n*n; i++) x[i] = ldexp(a[i], -squarings);
        for (long i = 0; i < n*n*k; i++) x[n*n + i] = ldexp(1, -squarings) * e[i];
        dual_product(x2, x, x, n, k, turned);
        dual_product(x3, x2, x, n, k, turned);
        dual_product(x4, x2, x2, n, k, turned);
        for (long i = 0; i < size; i++) sum[i] = c[16] * x4[i];
        for (int block = 12; block >= 0; block -= 4) {
            for (long i = 0; i < size; i++)
                sum[i] += c[block + 1] * x[i] + c[block + 2] * x2[i] + c[block + 3] * x3[i];
            for (long i = 0; i < n; i++) sum[i*n + i] += c[block];
            if (!block) break;
            dual_product(out, sum, x4, n, k, turned);
            memcpy(sum, out, size * sizeof *sum);
        }
        for (; squarings > 0; squarings--) {
            dual_product(out, sum, sum, n, k, turned);
            memcpy(sum, out, size * sizeof *sum);
        }
        memcpy(out, sum, size * sizeof *sum);
    }
    return 0;
}
"""
MATRICES = _PRODUCTS + _CHOLESKY + _LU + _SOLVE + _QR + _EXPONENTIAL
