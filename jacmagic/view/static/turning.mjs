/** Drags across a drawing that turn what it shows. */

/**
 * @param {Element} svg
 * @param {() => boolean} turns whether it shows something that can be turned
 * @param {(across: number, down: number) => void} onTurn by shares of the drawing's width
 */
export function listenToTurns(svg, turns, onTurn) {
  let from = [0, 0];
  svg.addEventListener("pointerdown", (event) => {
    const { pointerId, clientX, clientY, target } = /** @type {PointerEvent} */ (event);
    if (!turns() || (target instanceof Element && target.closest(".jm-grip"))) return;
    svg.setPointerCapture(pointerId);
    from = [clientX, clientY];
  });
  svg.addEventListener("pointermove", (event) => {
    const { pointerId, clientX, clientY } = /** @type {PointerEvent} */ (event);
    if (!svg.hasPointerCapture(pointerId) || !turns()) return;
    const { width } = svg.getBoundingClientRect();
    onTurn((clientX - from[0]) / width, (clientY - from[1]) / width);
    from = [clientX, clientY];
  });
}
