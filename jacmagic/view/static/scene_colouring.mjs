/**
 * The picture of a sparse pattern: which entries one product gives, and the compressed matrix.
 *
 * @typedef {object} Colouring
 * @property {DataView} groups bytes, row-major: 0 where an entry is zero everywhere, else 1 + the product's number
 * @property {number} forward how many products J·s, which come first
 * @property {number} backward how many products sᵀ·J
 *
 * @typedef {{name: string, cells: number[][]}} Grid product numbers
 */

import { asBytes } from "./format.mjs";

/**
 * @param {Colouring} colouring
 * @param {number} m
 * @param {number} n
 * @returns {{grids: Grid[], words: string[]}}
 */
export function colouringScene({ groups, forward, backward }, m, n) {
  const bytes = asBytes(groups);
  const pattern = Array.from({ length: m }, (_, i) => Array.from(bytes.slice(i * n, (i + 1) * n)));
  const compressed = Array.from({ length: m }, () => new Array(forward).fill(0));
  const pulled = Array.from({ length: backward }, () => new Array(n).fill(0));
  pattern.forEach((row, i) =>
    row.forEach((group, j) => {
      if (group > forward) pulled[group - 1 - forward][j] = group;
      else if (group) compressed[i][group - 1] = group;
    }),
  );
  const grids = [{ name: "J", cells: pattern }];
  if (forward) grids.push({ name: "J·S", cells: compressed });
  if (backward) grids.push({ name: "Sᵀ·J", cells: pulled });
  const counted = (/** @type {number} */ many) => `${many} product${many > 1 ? "s" : ""}`;
  const used = [
    ...(forward ? [`${counted(forward)} J·s of columns without a row in common`] : []),
    ...(backward ? [`${counted(backward)} sᵀ·J of rows without a column in common`] : []),
  ];
  const count = bytes.filter(Boolean).length;
  const words = [
    `The pattern of J: ${count} of ${m} × ${n} entries are not zero everywhere.`,
    `All of them come from ${used.join(" and ")}: ${forward + backward} passes instead of ${Math.min(m, n)}.`,
    "An entry has the number and the colour of its product; beside it stand the products, the compressed matrix.",
  ];
  return { grids, words };
}
