/** Everything that a view paints: the model's traits, the numbers on screen, and how they are shown. */

import { asBytes } from "./format.mjs";
import { Layout } from "./layout.mjs";
import { typedAt } from "./typed.mjs";

const MAX_CELLS_WITH_SLOTS = 10_000; // of a matrix that may be typeset, with a slot for each entry

/**
 * @param {any} model
 * @param {import("./following.mjs").Follower} follower
 * @param {import("./parts.mjs").Style & import("./parts.mjs").Choices} choices
 * @returns {import("./parts.mjs").Frame}
 */
export function readFrame(model, follower, choices) {
  const { shown, notice, pending, connected, evaluate } = follower;
  const get = (/** @type {string} */ name) => model.get(name);
  const spec = get("spec");
  const entries = shown.values.length <= MAX_CELLS_WITH_SLOTS ? shown.values : [];
  return {
    ...choices,
    ...shown,
    ...{ spec, notice, pending, connected, evaluate },
    layout: new Layout(spec, choices.exchanged),
    outward: spec.transposed ? new Layout(spec, true).arrange(shown.values) : shown.values,
    chain: get("chain"),
    entries: get("entries"),
    factors: get("factors") ?? {},
    code: get("code") ?? { languages: [], sources: {} },
    status: get("status"),
    zeros: asBytes(get("zeros")),
    colouring: get("colouring") ?? {},
    picture: get("picture") ?? {},
    slots: Float64Array.from([...shown.numbers, ...entries]),
    typed: shown.numbers.length ? typedAt(spec.typed, shown.point) : {},
    drawing: get("drawing") ?? {},
    chooser: Boolean(get("chooser")),
  };
}
