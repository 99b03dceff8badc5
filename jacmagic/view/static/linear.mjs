/**
 * Small linear algebra: singular values and vectors, determinants.
 *
 * @typedef {number[]} Vector
 * @typedef {number[][]} Matrix rows
 */

const MAX_SWEEPS = 60; // of one-sided Jacobi rotations; a matrix of 50 columns takes about 10

/**
 * @param {Matrix} a
 * @param {Vector} x
 */
export function times(a, x) {
  return a.map((row) => row.reduce((sum, entry, j) => sum + entry * x[j], 0));
}

/** @param {Matrix} a */
export function transpose(a) {
  return (a[0] ?? []).map((_, j) => a.map((row) => row[j]));
}

/**
 * @param {ArrayLike<number>} values row-major
 * @param {number} width
 * @returns {Matrix}
 */
export function rowsOf(values, width) {
  const list = Array.from(values);
  return Array.from({ length: list.length / width }, (_, i) => list.slice(i * width, (i + 1) * width));
}

/**
 * Singular values and left vectors by one-sided Jacobi rotations (Hestenes; Golub and Van Loan, 8.6.3).
 * @param {Matrix} a m × n, m ≥ n
 * @returns {{u: Matrix, values: Vector}} n values in decreasing order; the vectors are the columns of u
 */
export function svd(a) {
  const largest = Math.max(...a.flat().map(Math.abs)) || 1; // in whose units squares neither overflow nor vanish
  const columns = transpose(a).map((column) => column.map((entry) => entry / largest));
  for (let sweep = 0; sweep < MAX_SWEEPS && rotateAll(columns); sweep++);
  const lengths = columns.map((column) => Math.hypot(...column));
  const order = lengths.map((_, k) => k).sort((i, j) => lengths[j] - lengths[i]);
  const left = order.map((k) => columns[k].map((entry) => (lengths[k] ? entry / lengths[k] : 0)));
  return { u: transpose(left), values: order.map((k) => lengths[k] * largest) };
}

/**
 * One sweep over all pairs of columns.
 * @param {Matrix} columns
 * @returns {boolean} whether any pair was not orthogonal
 */
function rotateAll(columns) {
  let turned = false;
  for (let p = 0; p < columns.length; p++) {
    for (let q = p + 1; q < columns.length; q++) turned = rotate(columns, p, q) || turned;
  }
  return turned;
}

/**
 * @param {Matrix} columns
 * @param {number} p
 * @param {number} q
 */
function rotate(columns, p, q) {
  const dot = (/** @type {Vector} */ x, /** @type {Vector} */ y) => x.reduce((sum, entry, k) => sum + entry * y[k], 0);
  const [alpha, beta, gamma] = [dot(columns[p], columns[p]), dot(columns[q], columns[q]), dot(columns[p], columns[q])];
  if (!(Math.abs(gamma) > Number.EPSILON * Math.sqrt(alpha * beta))) return false;
  const zeta = (beta - alpha) / (2 * gamma);
  const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
  const cosine = 1 / Math.hypot(1, t);
  const [x, y] = [columns[p], columns[q]];
  columns[p] = x.map((entry, k) => cosine * (entry - t * y[k]));
  columns[q] = x.map((entry, k) => cosine * (t * entry + y[k]));
  return true;
}

/**
 * Determinant by elimination with partial pivoting.
 * @param {Matrix} a n × n
 */
export function determinant(a) {
  const rows = a.map((row) => [...row]);
  let product = 1;
  for (let k = 0; k < rows.length; k++) {
    let pivot = k;
    for (let i = k + 1; i < rows.length; i++) if (Math.abs(rows[i][k]) > Math.abs(rows[pivot][k])) pivot = i;
    if (!rows[pivot][k]) return rows[pivot][k]; // zero, or nan
    if (pivot !== k) [rows[k], rows[pivot], product] = [rows[pivot], rows[k], -product];
    product *= rows[k][k];
    for (let i = k + 1; i < rows.length; i++) {
      const factor = rows[i][k] / rows[k][k];
      for (let j = k; j < rows.length; j++) rows[i][j] -= factor * rows[k][j];
    }
  }
  return product;
}

/**
 * The determinant, 0 where it is smaller than its own rounding: 2n²ε times the columns' largest entries times
 * the norms of the rows over these; nan of a matrix that is not finite.
 * @param {Matrix} a n × n
 */
export function volume(a) {
  if (!a.flat().every(Number.isFinite)) return NaN;
  const number = determinant(a);
  const largest = a.map((_, j) => Math.max(...a.map((row) => Math.abs(row[j]))));
  const sizes = a.map((row) => Math.hypot(...row.map((entry, j) => entry / (largest[j] || 1))));
  const sum = [...largest, ...sizes].reduce((total, size) => total + Math.log(size), 0); // no size overflows
  const bound = 2 * a.length ** 2 * Number.EPSILON * Math.exp(sum);
  return Math.abs(number) <= bound && Number.isFinite(number) ? 0 : number;
}

/**
 * Singular values, 0 for those that rounding alone makes; none of a matrix that is not finite.
 * @param {Matrix} a m × n
 */
export function singularValues(a) {
  if (!a.flat().every(Number.isFinite)) return [];
  const { values } = svd(a.length < a[0].length ? transpose(a) : a);
  const small = Number.EPSILON * Math.max(a.length, a[0].length) * values[0]; // as NumPy's matrix_rank
  return values.map((value) => (value > small ? value : 0));
}
